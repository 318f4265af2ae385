import { describe, expect, test } from 'vitest';
import { createMemorySessionStore, FatalShardError, type IdentifyBudgetLeft } from '../../src/index.js';
import { identifiable, sentTo, settled, simulate, stays, story, until, within } from '../shard/rig.js';
import { managed, managerOn, WINDOW } from './rig.js';

const range = (length: number, from = 0) => Array.from({ length }, (_, n) => from + n);
const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

/** Long enough that shards of one turn never identify in another on a slow machine. */
const LONG_WINDOW = 800;
/** Long enough never to pass: a shard that tries again loses its turn. */
const PATIENT = { handshake: 20_000, hello: 20_000, ready: 20_000 };

// Runs by itself: the order of 64 identifies depends on time.
test(
  'a fleet of 64 shards at max_concurrency 16 identifies in the order of the buckets and gets no op 9',
  managed(
    {
      simulator: { shards: 64, maxConcurrency: 16, identifyWindow: LONG_WINDOW - 100 },
      manager: { identifyWindow: LONG_WINDOW, options: { timeouts: PATIENT } },
    },
    async ({ simulator, manager }) => {
      await manager.connect();
      expect(manager.status()).toMatchObject({ state: 'Running', total: 64, counts: { Connected: 64 } });
      const { identifies } = simulator;
      expect(identifies.map(({ outcome }) => outcome)).toEqual(Array(64).fill('accepted'));
      for (const first of [0, 16, 32, 48]) {
        const turn = identifies.slice(first, first + 16).map(({ shardId }) => shardId);
        expect(turn.toSorted((a, b) => a - b)).toEqual(range(16, first));
      }
      expect(simulator.frames.filter(({ op }) => op === 9)).toEqual([]);
      expect(simulator.connections).toHaveLength(64);
      expect(manager.controller).toMatchObject({ remaining: 936, concurrency: 16 });
    },
  ),
);

describe.concurrent('a fleet that starts', () => {
  test(
    'with 12 shards and 10 identifies left emits `exhausted` for 2 of them, and identifies them after the reset',
    managed(
      {
        simulator: { shards: 12, maxConcurrency: 12, sessionStartLimit: { remaining: 10, resetAfter: 7_000 } },
      },
      async ({ simulator, manager, lines }) => {
        const heard: [string, IdentifyBudgetLeft, identified: number][] = [];
        manager.on('exhausted', (budget) => heard.push(['exhausted', budget, simulator.identifies.length]));
        manager.on('renewed', (budget) => heard.push(['renewed', budget, simulator.identifies.length]));
        const connected = manager.connect();
        await until(() => manager.status().counts.Connected === 10 && manager.status().identifies?.waiting === 2);
        const { state, identifies } = manager.status();
        expect([state, simulator.identifies.length, identifies?.remaining]).toEqual(['Starting', 10, 0]);
        expect(heard.map(([name]) => name)).toEqual(['exhausted']);
        const resetAt = heard[0]?.[1].resetAt ?? 0;
        expect(identifies).toMatchObject({ nextAt: resetAt, resetAt });
        expect(Math.abs(resetAt - Date.now() - simulator.budget.resetAfter)).toBeLessThan(3_000);
        const said = lines.warn.filter((line) => line.includes(new Date(resetAt).toISOString()));
        expect(said).toEqual([expect.stringMatching(/^manager: the day's identifies are spent \(0 of 1000 left\)/)]);

        await connected;
        expect(heard.map(([name, , identified]) => [name, identified])).toEqual([
          ['exhausted', expect.any(Number)],
          ['renewed', 10],
        ]);
        expect(simulator.identifies.map(({ outcome }) => outcome)).toEqual(Array(12).fill('accepted'));
        expect(simulator.budget.remaining).toBe(998);
        expect(manager.controller?.remaining).toBe(998);
      },
    ),
  );

  test(
    'with 10 identifies left and a reserve of 3 identifies 7 shards',
    managed(
      { simulator: { shards: 12, maxConcurrency: 12, sessionStartLimit: { remaining: 10 } }, manager: { reserve: 3 } },
      async ({ simulator, manager, lines }) => {
        const failed = caught(manager.connect());
        await until(() => manager.status().counts.Connected === 7 && manager.status().identifies?.waiting === 5);
        await stays(() => simulator.identifies.length, 2 * WINDOW);
        expect(simulator.budget.remaining).toBe(3);
        expect(lines.warn.filter((line) => line.includes('(3 of 1000 left)'))).toHaveLength(1);
        await manager.close();
        expect(await failed).toMatchObject({ code: 'CLOSED' });
      },
    ),
  );

  test('with 8 sessions resumes all while the identify queue grants nothing', async () => {
    await using simulator = await simulate({ shards: 8 });
    const sessionStore = createMemorySessionStore();
    {
      await using before = managerOn(simulator, { sessionStore });
      await before.connect();
      await before.shutdown({ resumable: true });
    }
    await settled(simulator);
    const blocked = { acquire: () => new Promise<never>(() => {}) };
    await using manager = managerOn(simulator, { sessionStore, total: 8, identifyLimiter: blocked });
    await within(8_000, manager.connect());
    expect(manager.status().counts.Connected).toBe(8);
    expect(simulator.identifies).toHaveLength(8);
    expect(story(simulator).slice(8)).toEqual(Array(8).fill('resume /resume'));
    expect(simulator.violations).toEqual([]);
  });

  test('resumes 5 shards while 2 wait a minute for their identify', async () => {
    await using simulator = await simulate({ shards: 8 });
    const sessionStore = createMemorySessionStore();
    {
      await using before = managerOn(simulator, { sessionStore });
      await before.connect();
      await before.shutdown({ resumable: true });
    }
    await settled(simulator);
    await identifiable(simulator);
    for (const id of [0, 3, 6]) await sessionStore.delete(id);
    await using manager = managerOn(simulator, { sessionStore, identifyWindow: 60_000 });
    const failed = caught(manager.connect());
    const up = () => [...manager.shards.values()].filter(({ state }) => state === 'Connected').map(({ id }) => id);
    await until(() => up().length === 6);
    expect(up()).toEqual([0, 1, 2, 4, 5, 7]);
    await until(() => manager.status().identifies?.waiting === 2);

    // A shard that reconnects does not wait for the queue either.
    let resumed = 0;
    manager.on('resumed', (_, shardId) => (resumed += shardId === 5 ? 1 : 0));
    simulator.reset(5);
    await until(() => resumed === 1);
    expect(simulator.identifies.map(({ shardId }) => shardId).slice(8)).toEqual([0]);
    expect(manager.state).toBe('Starting');
    await manager.shutdown();
    expect(await failed).toMatchObject({ code: 'CLOSED' });
    expect(simulator.violations).toEqual([]);
  });

  test(
    'identifies a shard again after op 9, and all shards connect',
    managed(
      {
        simulator: {
          shards: 6,
          maxConcurrency: 3,
          script: [{ at: 'identify', shardId: 4, invalidSession: false }],
        },
      },
      async ({ simulator, manager }) => {
        await manager.connect();
        expect(manager.status().counts.Connected).toBe(6);
        const identified = simulator.identifies.map(({ shardId }) => shardId);
        expect(identified.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 4, 5]);
      },
    ),
  );

  test('fails as a whole at the 4014 of one shard, and resumes the sessions of the others next time', async () => {
    await using simulator = await simulate({
      shards: 16,
      maxConcurrency: 4,
      identifyWindow: LONG_WINDOW - 100,
      script: [{ at: 'identify', shardId: 2, closeWith: 4014 }],
    });
    await using manager = managerOn(simulator, { identifyWindow: LONG_WINDOW });
    const error = await caught(manager.connect());
    expect(error).toBeInstanceOf(FatalShardError);
    expect(error).toMatchObject({ code: 'FATAL', shardId: 2, closeCode: 4014 });
    expect(manager.state).toBe('Offline');
    expect([...manager.shards.values()]).toEqual([]);
    const spent = simulator.identifies.length;
    expect(spent).toBeLessThanOrEqual(4);
    await settled(simulator);
    const others = simulator.connections.filter(({ shardId, closeCode }) => shardId !== 2 && closeCode !== null);
    expect(others.map(({ closeCode }) => closeCode)).toEqual(Array(others.length).fill(4900));

    const kept = sentTo(simulator, 'READY').length;
    await manager.connect();
    const resumed = sentTo(simulator, 'RESUMED').length;
    expect(resumed).toBeGreaterThan(0);
    expect(resumed).toBeLessThanOrEqual(kept);
    expect(simulator.identifies).toHaveLength(spent + 16 - resumed);
    expect(simulator.violations.filter(({ rule }) => rule !== 'disallowed intents')).toEqual([]);
  });
});
