import { describe, expect, it } from 'vitest';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { data, reached, scenario, sentBy, settled, stays, story, until } from './rig.js';

const channel = (n: number | string) => ({ op: 43, d: { guild_id: String(n) } });
const sent = (simulator: GatewaySimulator) => sentBy(simulator, 43).map((frame) => data(frame)['guild_id']);
const presence = (name: string) =>
  ({ since: null, activities: [{ name, type: 0 }], status: 'online', afk: false }) as const;

describe.concurrent('a payload', () => {
  it(
    'waits while the shard is away and goes out once Connected, nothing but op 1, 2 and 6 before',
    scenario(
      { simulator: { heartbeatInterval: 2_000, script: [{ at: 'ready', delay: 150 }] } },
      async ({ simulator, shard }) => {
        const connected = shard.connect();
        const promise = Promise.all([1, 2, 3].map((n) => shard.send(channel(n))));
        expect(shard.queue).toEqual({ size: 3, max: 1_000 });
        await connected;
        await promise;
        await until(() => sent(simulator).length === 3);
        expect(sent(simulator)).toEqual(['1', '2', '3']);
        expect(shard.queue.size).toBe(0);
        const frames = simulator.frames;
        const ready = frames.findIndex(({ t }) => t === 'READY');
        const first = frames.findIndex(({ direction, op }) => direction === 'client' && op === 43);
        expect(ready).toBeGreaterThan(0);
        expect(first).toBeGreaterThan(ready);
      },
    ),
  );

  it(
    'with priority goes before all that have none, in the order they came',
    scenario({}, async ({ simulator, shard }) => {
      const connected = shard.connect();
      const all = [
        shard.send(channel('a')),
        shard.send(channel('b')),
        shard.send(channel('first'), { priority: true }),
        shard.send(channel('second'), { priority: true }),
        shard.send(channel('c')),
      ];
      await connected;
      await Promise.all(all);
      await until(() => sent(simulator).length === 5);
      expect(sent(simulator)).toEqual(['first', 'second', 'a', 'b', 'c']);
    }),
  );

  it(
    'survives a reconnect',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.next({ at: 'upgrade', refuse: 503, times: 2 });
      simulator.reset();
      await reached(shard, 'Disconnected');
      await shard.send(channel('later'));
      await until(() => sent(simulator).length === 1);
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
      expect(sentBy(simulator, 43)[0]?.connection).toBe(2);
    }),
  );

  it(
    'survives a new session',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.closeWith(4009);
      await reached(shard, 'Disconnected');
      await shard.send(channel('later'));
      await until(() => sent(simulator).length === 1);
      expect(story(simulator)).toEqual(['identify /', 'identify /']);
    }),
  );

  it(
    'is refused over 4096 bytes of UTF-8, and what is queued behind it is not',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const frame = Buffer.byteLength(JSON.stringify(channel('')));
      const fits = '€'.repeat(Math.floor((4_096 - frame) / 3));
      await shard.send(channel(fits));
      await expect(shard.send(channel(`${fits}€`))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
      await shard.send(channel('x'.repeat(4_096 - frame)));
      await expect(shard.send(channel('x'.repeat(4_097 - frame)))).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        value: 4_097,
      });
      await shard.send(channel('after'));
      await until(() => sent(simulator).length === 3);
      expect(sentBy(simulator, 43)[1]?.bytes).toBe(4_096);
      expect(story(simulator)).toEqual(['identify /']);
    }),
  );

  for (const [name, payload] of Object.entries({
    'a heartbeat': { op: 1, d: null },
    'an IDENTIFY': { op: 2, d: {} },
    'a RESUME': { op: 6, d: {} },
    'a dispatch': { op: 0, d: {} },
    'an unknown op': { op: 99, d: {} },
    'an op that is a text': { op: '3', d: {} },
    'no object': null,
    undefined,
    'a bigint': { op: 43, d: { guild_id: 1n } },
  })) {
    it(
      `is refused as ${name}`,
      scenario({}, async ({ simulator, shard }) => {
        await shard.connect();
        const before = sentBy(simulator).length;
        await expect(shard.send(payload as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
        await shard.send(channel('ok'));
        await until(() => sent(simulator).length === 1);
        expect(sentBy(simulator).length).toBeLessThanOrEqual(before + 2);
      }),
    );
  }

  it(
    'is refused while queue.max others wait',
    scenario({ shard: { queue: { max: 2 } } }, async ({ simulator, shard }) => {
      const connected = shard.connect();
      const waiting = Promise.all([shard.send(channel(1)), shard.send(channel(2))]);
      await expect(shard.send(channel(3))).rejects.toMatchObject({ code: 'QUEUE_FULL', value: 2 });
      await connected;
      await waiting;
      await shard.send(channel(4));
      await until(() => sent(simulator).length === 3);
      expect(sent(simulator)).toEqual(['1', '2', '4']);
    }),
  );

  it(
    'that is withdrawn by its signal never leaves',
    scenario({}, async ({ simulator, shard }) => {
      const connected = shard.connect();
      const abort = new AbortController();
      const reason = new Error('changed my mind');
      const withdrawn = expect(shard.send(channel('gone'), { signal: abort.signal })).rejects.toBe(reason);
      const kept = shard.send(channel('kept'), { signal: new AbortController().signal });
      abort.abort(reason);
      await withdrawn;
      expect(shard.queue.size).toBe(1);
      await expect(shard.send(channel('late'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await connected;
      await kept;
      await until(() => sent(simulator).length === 1);
      expect(sent(simulator)).toEqual(['kept']);
    }),
  );

  it(
    'that waits is refused by close() and by shutdown(), and any after shutdown',
    scenario({}, async ({ shard }) => {
      void shard.connect();
      const first = expect(shard.send(channel(1))).rejects.toMatchObject({ code: 'CLOSED' });
      await shard.close();
      await first;
      void shard.connect();
      const second = expect(shard.send(channel(2))).rejects.toMatchObject({ code: 'CLOSED' });
      await shard.shutdown();
      await second;
      await expect(shard.send(channel(3))).rejects.toMatchObject({ code: 'CLOSED' });
    }),
  );

  it(
    'sent while the replay is under way leaves right after RESUMED',
    scenario({ simulator: { script: [{ at: 'resumed', delay: 250 }] } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.reset();
      await reached(shard, 'Resuming');
      await shard.send(channel('mid-resume'));
      const frames = simulator.connections[1]?.frames.map(({ direction, op, t }) => `${direction} ${t ?? op}`);
      await until(() => sent(simulator).length === 1);
      expect(frames?.at(-1)).toBe('gateway RESUMED');
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );
});

describe.concurrent('the send limit', () => {
  it(
    'lets the safe number go at once, and not one more, with 200 to send against the real 120 in 60 s',
    scenario({ simulator: { sendLimit: 120, sendWindow: 60_000 } }, async ({ simulator, shard }) => {
      await shard.connect();
      const safe = shard.calculateSafeRequests();
      expect(safe).toBeGreaterThan(100);
      expect(safe).toBeLessThan(119);
      const promises = Array.from({ length: 200 }, (_, n) => shard.send(channel(n)));
      const results = Promise.allSettled(promises);
      await until(() => sent(simulator).length === safe);
      await stays(() => sent(simulator).length, 300);
      expect(shard.queue.size).toBe(200 - safe);
      expect(shard.bucket).toEqual({ capacity: safe, available: 0, presencesAvailable: 5 });
      expect(simulator.connections[0]?.open).toBe(true);
      await shard.shutdown();
      const kinds = (await results).map(({ status }) => status);
      expect(kinds.filter((kind) => kind === 'fulfilled')).toHaveLength(safe);
      expect(sent(simulator)).toEqual(Array.from({ length: safe }, (_, n) => String(n)));
    }),
  );

  it(
    'is a connection’s own: after a reconnect the next safe number goes, each payload once',
    scenario({ simulator: { sendLimit: 120, sendWindow: 60_000 } }, async ({ simulator, shard }) => {
      await shard.connect();
      const safe = shard.calculateSafeRequests();
      const results = Promise.all(Array.from({ length: safe + 40 }, (_, n) => shard.send(channel(n))));
      await until(() => sent(simulator).length === safe);
      simulator.reset();
      await results;
      await until(() => sent(simulator).length === safe + 40);
      expect(sent(simulator)).toEqual(Array.from({ length: safe + 40 }, (_, n) => String(n)));
    }),
  );

  it(
    'lets 5 presences go in 20 s and others pass those that wait',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const updates = [1, 2, 3, 4, 5, 6, 7].map((n) => shard.updatePresence(presence(String(n))));
      const settledUpdates = Promise.allSettled(updates);
      await shard.send(channel('passes'));
      await until(() => sentBy(simulator, 3).length === 5 && sent(simulator).length === 1);
      await stays(() => sentBy(simulator, 3).length, 200);
      expect(shard.bucket.presencesAvailable).toBe(0);
      expect(shard.queue.size).toBe(2);
      await shard.shutdown();
      await settled(simulator);
      const kinds = (await settledUpdates).map(({ status }) => status);
      expect(kinds).toEqual([...Array(5).fill('fulfilled'), 'rejected', 'rejected']);
    }),
  );

  it(
    'refuses a presence the gateway would close for',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      await expect(shard.updatePresence({ ...presence('x'), status: 'away' as never })).rejects.toMatchObject({
        code: 'INVALID_PAYLOAD',
      });
      await expect(shard.updatePresence(undefined as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
      expect(sentBy(simulator, 3)).toEqual([]);
    }),
  );
});
