import { describe, expect, it } from 'vitest';
import { flow, reached, scenario, settled, stays, story, until, within } from './rig.js';

const fail = (): never => {
  throw new Error('a bug of mine');
};

describe.concurrent('a listener', () => {
  it(
    'that throws or rejects is reported to the logger and breaks nothing',
    scenario({}, async ({ simulator, shard, lines }) => {
      for (const name of [
        'ready',
        'resumed',
        'dispatch',
        'raw',
        'transition',
        'disconnected',
        'debug',
        'READY',
      ] as const) {
        shard.on(name, fail);
        shard.on(name, () => Promise.reject(new Error('a rejection of mine')));
      }
      shard.on('heartbeat', fail);
      shard.on('malformed', fail);
      shard.on('MESSAGE_CREATE', fail);
      const numbers = flow(simulator, shard);
      await shard.connect();
      await until(() => numbers.received.length > 5);
      simulator.requestHeartbeat();
      simulator.sendText('garbage');
      await until(() => shard.latency !== null && shard.stats.malformed === 1);
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      await numbers.isWhole();
      expect(shard.stats.listenerErrors).toBeGreaterThan(10);
      for (const name of [
        'ready',
        'resumed',
        'dispatch',
        'raw',
        'transition',
        'disconnected',
        'heartbeat',
        'malformed',
      ]) {
        expect(lines.error.join('\n')).toContain(`a listener of "${name}" failed: Error: a bug of mine`);
      }
      expect(lines.error.join('\n')).toContain('a rejection of mine');
    }),
  );

  it(
    'of fatal that throws breaks nothing either',
    scenario({}, async ({ simulator, shard, lines }) => {
      await shard.connect();
      shard.on('fatal', () => {
        throw new Error('a bug of mine');
      });
      simulator.closeWith(4004);
      await reached(shard, 'Offline');
      await expect(shard.connect()).rejects.toMatchObject({ code: 'FATAL' });
      expect(lines.error.join('\n')).toContain('a listener of "fatal" failed');
    }),
  );

  for (const command of ['shutdown', 'close', 'forceClose'] as const) {
    it(
      `may call ${command}() inside a dispatch, and hears nothing more`,
      scenario({}, async ({ simulator, shard }) => {
        const numbers = flow(simulator, shard, 1);
        await shard.connect();
        shard.on('MESSAGE_CREATE', (message) => {
          if ((message as unknown as { n: number }).n === 10) void shard[command]();
        });
        await reached(shard, 'Offline');
        numbers.stop();
        await settled(simulator);
        expect(numbers.received.at(-1)).toBe(10);
        await stays(() => simulator.connections.length, 100);
      }),
    );
  }

  it(
    'may call reconnect() and disconnect() inside a dispatch, and loses nothing',
    scenario({}, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard, 1);
      await shard.connect();
      shard.on('MESSAGE_CREATE', (message) => {
        const { n } = message as unknown as { n: number };
        if (n === 10) void shard.reconnect();
        if (n === 20) shard.disconnect();
      });
      await until(() => numbers.received.length > 30);
      await numbers.isWhole();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume', 'resume /resume']);
    }),
  );

  it(
    'may reconnect in the midst of a replay, and loses nothing',
    scenario({}, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard, 1);
      let drops = 0;
      shard.on('MESSAGE_CREATE', () => {
        if (shard.state !== 'Resuming' || drops === 2) return;
        drops += 1;
        shard.disconnect();
      });
      await shard.connect();
      await until(() => numbers.received.length > 5);
      simulator.next({ at: 'resume', delay: 40, times: 5 });
      simulator.reset();
      await until(() => drops === 2);
      await reached(shard, 'Connected');
      await numbers.isWhole();
      expect(new Set(story(simulator))).toEqual(new Set(['identify /', 'resume /resume']));
    }),
  );

  it(
    'of READY may close',
    scenario({}, async ({ simulator, shard }) => {
      shard.once('READY', () => void shard.close());
      await shard.connect().catch(() => {});
      await reached(shard, 'Offline');
      await settled(simulator);
      await stays(() => [simulator.connections.length, shard.state], 200);
    }),
  );

  it(
    'of disconnected may close',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      shard.once('disconnected', () => void shard.close());
      simulator.reset();
      await reached(shard, 'Offline');
      await stays(() => [simulator.connections.length, shard.state], 200);
    }),
  );

  it(
    'of disconnected may connect again: that connect() resolves when Connected',
    scenario({ shard: { autoReconnect: false } }, async ({ simulator, shard }) => {
      await shard.connect();
      const results: unknown[] = [];
      shard.once('disconnected', () => {
        shard.connect().then(
          () => results.push('connected'),
          (error: unknown) => results.push(error),
        );
      });
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      await until(() => results.length === 1);
      expect(results).toEqual(['connected']);
    }),
  );

  it(
    'of the first transition may close: the connect() that caused it is rejected',
    scenario({}, async ({ simulator, shard }) => {
      shard.once('transition', () => void shard.close());
      await expect(within(2_000, shard.connect())).rejects.toMatchObject({ code: 'CLOSED' });
      expect(shard.state).toBe('Offline');
      expect(simulator.connections).toEqual([]);
    }),
  );

  it(
    'of the first transition may shut down: the connect() that caused it is rejected',
    scenario({}, async ({ simulator, shard }) => {
      shard.once('transition', () => void shard.shutdown());
      await expect(within(2_000, shard.connect())).rejects.toMatchObject({ code: 'CLOSED' });
      expect(simulator.connections).toEqual([]);
    }),
  );

  it(
    'added with once hears one, and removed with off none',
    scenario({}, async ({ simulator, shard }) => {
      const heard: string[] = [];
      const off = () => heard.push('off');
      shard.once('MESSAGE_CREATE', () => heard.push('once'));
      shard.on('MESSAGE_CREATE', off);
      shard.on('MESSAGE_CREATE', () => heard.push('on'));
      shard.off('MESSAGE_CREATE', off);
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', {});
      simulator.dispatch('MESSAGE_CREATE', {});
      await until(() => heard.length >= 3);
      expect(heard).toEqual(['once', 'on', 'on']);
    }),
  );
});

describe.concurrent('the events option', () => {
  it(
    'lets these through and no others, and counts the sequence of all',
    scenario({ shard: { events: ['MESSAGE_CREATE'] } }, async ({ simulator, shard }) => {
      const heard: string[] = [];
      shard.on('dispatch', ({ t }) => heard.push(`dispatch ${t}`));
      shard.on('MESSAGE_CREATE', () => heard.push('MESSAGE_CREATE'));
      shard.on('TYPING_START', () => heard.push('TYPING_START'));
      await shard.connect();
      simulator.dispatch('TYPING_START', {});
      simulator.dispatch('MESSAGE_CREATE', {});
      simulator.dispatch('TYPING_START', {});
      await until(() => shard.sequence === 4);
      simulator.reset();
      await until(() => heard.includes('dispatch RESUMED'));
      expect(heard).toEqual(['dispatch READY', 'dispatch MESSAGE_CREATE', 'MESSAGE_CREATE', 'dispatch RESUMED']);
    }),
  );

  it(
    'or no listener at all: nothing is parsed, the sequence counts and a resume works',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      for (let n = 0; n < 20; n += 1) simulator.dispatch('MESSAGE_CREATE', { n });
      await until(() => shard.sequence === 21);
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(simulator.frames.filter(({ op, direction }) => op === 6 && direction === 'client')).toMatchObject([
        { d: { seq: 21 } },
      ]);
    }),
  );

  it(
    'leaves raw whole: every frame, as the text it came as',
    scenario({ shard: { events: [] } }, async ({ simulator, shard }) => {
      const texts: string[] = [];
      shard.on('raw', (text) => texts.push(text));
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', { content: 'ü 🌍' });
      await until(() => texts.some((text) => text.includes('🌍')));
      expect(texts[0]).toMatch(/^\{"t":null,"s":null,"op":10,/);
      expect(texts.at(-1)).toBe('{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"ü 🌍"}}');
    }),
  );
});

describe.concurrent('the state, numbers and ping of a shard', () => {
  it(
    'is readable in every state and never throws',
    scenario({ simulator: { heartbeatInterval: 3_000 } }, async ({ simulator, shard }) => {
      const seen = new Set<string>();
      const look = () => {
        const { id, total, session, sequence, latency, heart, bucket, queue, stats } = shard;
        expect([id, total]).toEqual([0, 1]);
        expect(sequence).toBe(session?.sequence ?? null);
        expect(heart.latency).toBe(latency);
        expect(bucket.available).toBeLessThanOrEqual(bucket.capacity);
        expect(queue).toEqual({ size: 0, max: 1_000 });
        expect(stats.listenerErrors).toBe(0);
        expect(shard.calculateSafeRequests()).toBeGreaterThanOrEqual(1);
        if (shard.state === 'Connected') expect(shard.isOpen()).toBe(true);
        if (shard.state === 'Offline') expect(shard.isOpen()).toBe(false);
        seen.add(shard.state);
      };
      look();
      shard.on('transition', look);
      shard.on('raw', look);
      shard.on('disconnected', look);
      await shard.connect();
      look();
      simulator.requestReconnect();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      await shard.shutdown();
      look();
      expect([...seen].toSorted()).toEqual(
        ['Connected', 'Connecting', 'Disconnected', 'Identifying', 'Offline', 'Resuming'].toSorted(),
      );
    }),
  );

  it(
    'counts what crossed the wire',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', {});
      await until(() => shard.sequence === 2);
      await shard.send({ op: 31, d: { guild_ids: [] } });
      await shard.reconnect();
      await until(() => sent().length === 3 && shard.stats.dispatches === 3);
      expect(shard.stats).toMatchObject({ connections: 2, identifies: 1, resumes: 1, dispatches: 3, malformed: 0 });
      expect(shard.stats.framesSent).toBe(sent().length);
      expect(shard.stats.framesReceived).toBe(simulator.frames.length - sent().length);
      function sent() {
        return simulator.frames.filter(({ direction }) => direction === 'client');
      }
    }),
  );

  it(
    'pings by WebSocket',
    scenario({}, async ({ shard }) => {
      await expect(shard.ping()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await shard.connect();
      const roundTrips = await Promise.all([shard.ping(), shard.ping()]);
      expect(roundTrips.every((ms) => ms > 0 && ms < 2_000)).toBe(true);
    }),
  );
});
