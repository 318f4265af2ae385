import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createShard, type ShardError, type Compression } from '../../src/index.js';
import {
  data,
  flow,
  identifiable,
  reached,
  scenario,
  sentBy,
  sentTo,
  story,
  TOKEN,
  until,
  type Scenario,
} from './rig.js';
import { hasZstd } from '../../src/actors/inflate/createInflater.js';

describe.concurrent('a shard that goes up', () => {
  it(
    'is Connected once READY has come, and not before',
    scenario({ simulator: { script: [{ at: 'ready', delay: 150 }] } }, async ({ simulator, shard, transitions }) => {
      expect(shard.state).toBe('Offline');
      const ready: unknown[] = [];
      shard.on('ready', (payload) => ready.push([shard.state, payload.session_id]));
      const connecting = shard.connect();
      await until(() => sentBy(simulator, 2).length === 1);
      expect(shard.state).toBe('Identifying');
      await connecting;
      expect(shard.state).toBe('Connected');
      expect(transitions.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
        'Offline -> Connecting',
        'Connecting -> Identifying',
        'Identifying -> Connected',
      ]);
      expect(shard.session).toEqual({
        id: simulator.connections[0]?.sessionId,
        sequence: 1,
        resumeUrl: simulator.resumeUrl,
      });
      expect(ready).toEqual([['Connected', shard.session?.id]]);
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );

  it(
    'identifies with nothing but what it was told',
    scenario(
      {
        shard: {
          id: 2,
          total: 5,
          intents: 33_281,
          largeThreshold: 77,
          presence: { since: null, activities: [{ name: 'chess', type: 0 }], status: 'idle', afk: false },
          properties: { os: 'haiku', browser: 'lynx', device: 'toaster' },
        },
      },
      async ({ simulator, shard }) => {
        await shard.connect();
        expect(sentBy(simulator, 2).map(({ d }) => d)).toEqual([
          {
            token: '[redacted]',
            intents: 33_281,
            properties: { os: 'haiku', browser: 'lynx', device: 'toaster' },
            shard: [2, 5],
            compress: false,
            large_threshold: 77,
            presence: { since: null, activities: [{ name: 'chess', type: 0 }], status: 'idle', afk: false },
          },
        ]);
      },
    ),
  );

  it(
    'sends the bare token and properties of its own where none were given',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      // The simulator, strict about TOKEN, has accepted it: there was no "Bot " before it.
      expect(simulator.identifies).toMatchObject([{ shardId: 0, total: 1, outcome: 'accepted' }]);
      expect(data(sentBy(simulator, 2)[0])['properties']).toEqual({
        os: process.platform,
        browser: expect.any(String),
        device: expect.any(String),
      });
      expect(data(sentBy(simulator, 2)[0])).not.toHaveProperty('presence');
      expect(data(sentBy(simulator, 2)[0])).not.toHaveProperty('large_threshold');
    }),
  );

  it('asks makePresence again at every identify', async () => {
    let calls = 0;
    await scenario(
      {
        shard: {
          makePresence: async (shardId) => ({
            since: null,
            activities: [{ name: `${shardId}: ${++calls}`, type: 0 }],
            status: 'online',
            afk: false,
          }),
        },
      },
      async ({ simulator, shard }) => {
        await shard.connect();
        await shard.reinstantiate();
        const shown = sentBy(simulator, 2).map((frame) => data(frame)['presence']);
        expect(shown).toMatchObject([{ activities: [{ name: '0: 1' }] }, { activities: [{ name: '0: 2' }] }]);
      },
    )();
  });

  it(
    'identifies without a presence where makePresence fails',
    scenario({ shard: { makePresence: () => Promise.reject(new Error('no idea')) } }, async (rig) => {
      await rig.shard.connect();
      expect(data(sentBy(rig.simulator, 2)[0])).not.toHaveProperty('presence');
      expect(rig.lines.error.join('\n')).toContain('no idea');
    }),
  );

  it(
    'asks a url function for its shard',
    scenario({}, async ({ simulator, shard }) => {
      const asked: number[] = [];
      const other = createShard({
        token: TOKEN,
        intents: 0,
        id: 3,
        total: 4,
        url: async (shardId) => {
          asked.push(shardId);
          return simulator.url;
        },
      });
      await other.connect();
      expect(asked).toEqual([3]);
      await other.shutdown();
      await identifiable(simulator);
      await shard.connect();
      expect(simulator.identifies.map(({ shardId }) => shardId)).toEqual([3, 0]);
    }),
  );

  it(
    'hears GUILD_CREATE and every other dispatch in order, typed by name',
    scenario({ simulator: { guilds: [{ id: '80351110224678912', name: 'chess club' }] } }, async (rig) => {
      const { simulator, shard } = rig;
      const heard: string[] = [];
      shard.on('dispatch', ({ t, s }) => heard.push(`${s} ${t}`));
      shard.on('GUILD_CREATE', (guild) => heard.push(guild.name));
      shard.on('MESSAGE_CREATE', (message) => heard.push(message.content));
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', { content: 'hello' });
      simulator.dispatch('SOMETHING_NEW', { content: 'unknown' });
      simulator.dispatch('MESSAGE_CREATE', { content: 'wörld 🌍' });
      await until(() => heard.includes('wörld 🌍'));
      expect(heard).toEqual([
        '1 READY',
        '2 GUILD_CREATE',
        'chess club',
        '3 MESSAGE_CREATE',
        'hello',
        '4 SOMETHING_NEW',
        '5 MESSAGE_CREATE',
        'wörld 🌍',
      ]);
      expect(shard.sequence).toBe(5);
    }),
  );

  it(
    'beats as HELLO says, with the last sequence, and takes the acks',
    scenario({ simulator: { heartbeatInterval: 100 } }, async ({ simulator, shard }) => {
      const latencies: number[] = [];
      shard.on('heartbeat', ({ latency }) => latencies.push(latency));
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', { n: 1 });
      await until(() => sentBy(simulator, 1).length >= 4);
      const beats = sentBy(simulator, 1);
      expect(beats.at(-1)?.d).toBe(2);
      // Sent by timers: a slow machine may stretch a gap, nothing may make the rhythm faster.
      expect((beats[3]?.at ?? 0) - (beats[0]?.at ?? 0)).toBeGreaterThan(250);
      expect(latencies.length).toBeGreaterThanOrEqual(3);
      expect(latencies.every((latency) => latency >= 0 && latency < 1_000)).toBe(true);
      expect(shard.latency).toBe(latencies.at(-1));
      expect(shard.heart).toMatchObject({ interval: 100, latency: shard.latency });
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );

  it('beats while it waits for its identify slot, and while it waits for READY', async () => {
    const slot = new EventEmitter();
    const options: Scenario = {
      simulator: { heartbeatInterval: 200, heartbeatSlack: 5_000, script: [{ at: 'ready', skip: true }] },
      shard: {
        timeouts: { ready: 30_000 },
        identifyLimiter: {
          acquire: () => once(slot, 'granted').then(() => ({ commit: () => true, cancel: () => {} })),
        },
      },
    };
    const body = scenario(options, async ({ simulator, shard }) => {
      const failed = shard.connect().catch(() => {});
      await until(() => sentBy(simulator, 1).length >= 2);
      expect(sentBy(simulator, 2)).toEqual([]);
      expect(sentBy(simulator, 1)[0]?.d).toBeNull();
      slot.emit('granted');
      await until(() => sentBy(simulator, 2).length === 1);
      const before = sentBy(simulator, 1).length;
      await until(() => sentBy(simulator, 1).length >= before + 2);
      expect(shard.state).toBe('Identifying');
      expect(sentTo(simulator, 'READY')).toEqual([]);
      expect(story(simulator)).toEqual(['identify /']);
      await shard.shutdown();
      await failed;
    });
    await body();
  });

  it(
    'answers a heartbeat the gateway asks for at once',
    scenario({ simulator: { heartbeatInterval: 60_000 } }, async ({ simulator, shard }) => {
      await shard.connect();
      const before = sentBy(simulator, 1).length;
      simulator.requestHeartbeat();
      await until(() => sentBy(simulator, 1).length === before + 1, 1_000);
      await until(() => shard.latency !== null);
      expect(shard.state).toBe('Connected');
    }),
  );
});

const transports: { compression: Compression; splitFrames?: number; query: Record<string, string> }[] = [
  { compression: 'none', query: { v: '10', encoding: 'json' } },
  { compression: 'payload', query: { v: '10', encoding: 'json' } },
  { compression: 'zlib-stream', query: { v: '10', encoding: 'json', compress: 'zlib-stream' } },
  { compression: 'zlib-stream', splitFrames: 7, query: { v: '10', encoding: 'json', compress: 'zlib-stream' } },
  { compression: 'zlib-stream', splitFrames: 1, query: { v: '10', encoding: 'json', compress: 'zlib-stream' } },
  { compression: 'zstd-stream', query: { v: '10', encoding: 'json', compress: 'zstd-stream' } },
];
const missing = transports.filter(({ compression }) => compression === 'zstd-stream' && !hasZstd);
if (missing.length > 0) console.warn(`SKIPPED: zstd-stream over a socket, for Node ${process.version} has no zstd`);

describe.concurrent('a shard and its compression', () => {
  for (const { compression, splitFrames, query } of transports.filter((transport) => !missing.includes(transport))) {
    const name = splitFrames === undefined ? compression : `${compression} in frames of ${splitFrames}`;
    it(
      `reads ${name}, and asks for the same at the resume URL`,
      scenario(
        {
          shard: { compression },
          simulator: { payloadCompressionThreshold: 200, ...(splitFrames !== undefined && { splitFrames }) },
        },
        async ({ simulator, shard, malformed }) => {
          const numbers = flow(simulator, shard);
          const texts: string[] = [];
          shard.on('MESSAGE_UPDATE', ({ content }) => texts.push(content ?? ''));
          await shard.connect();
          expect(data(sentBy(simulator, 2)[0])['compress']).toBe(compression === 'payload');
          const long = 'long 🌍 '.repeat(20_000);
          const manyShort = Array.from({ length: 40 }, (_, n) => `short ${n}`);
          const contents = ['short', 'ünï🌍'.repeat(50), long, ...manyShort, long];
          for (const content of contents) simulator.dispatch('MESSAGE_UPDATE', { content });
          await until(() => texts.length === contents.length);
          expect(texts).toEqual(contents);
          simulator.reset();
          await until(() => story(simulator).length === 2);
          await reached(shard, 'Connected');
          simulator.dispatch('MESSAGE_UPDATE', { content: 'after' });
          await until(() => texts.at(-1) === 'after');
          await numbers.isWhole();
          expect(simulator.connections.map((connection) => [connection.path, connection.query])).toEqual([
            ['/', query],
            ['/resume', query],
          ]);
          expect(simulator.connections.map((connection) => connection.compression)).toEqual([compression, compression]);
          expect(malformed).toEqual([]);
        },
      ),
    );
  }

  it.skipIf(hasZstd)('is refused zstd-stream where Node has none, with a way out', () => {
    expect(() => createShard({ token: TOKEN, intents: 0, compression: 'zstd-stream' })).toThrow(
      expect.objectContaining<Partial<ShardError>>({
        code: 'UNSUPPORTED_COMPRESSION',
        message: expect.stringContaining('zlib-stream'),
      }),
    );
  });
});
