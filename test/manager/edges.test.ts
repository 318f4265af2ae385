import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createFileSessionStore, createMemorySessionStore, type Session, type Shard } from '../../src/index.js';
import { sessionFile, sessionOf } from '../sessions/rig.js';
import { simulate, story, until } from '../shard/rig.js';
import { managed, managerOn } from './rig.js';

const { inFolder, errors } = sessionFile();

const each = (...names: string[]) => names.flatMap((name) => [0, 1, 2].map((id) => `${name} ${id}`)).toSorted();

describe('each event once, from the set in service', () => {
  const LIFE = ['connect', 'ready', 'READY', 'close', 'resumed', 'RESUMED'] as const;

  test(
    'a reshard, a close and connect, and a restart emit one connect, close and resumed for each shard',
    { timeout: 30_000 },
    managed({ simulator: { maxConcurrency: 8 }, manager: { total: 2 } }, async ({ manager }) => {
      await manager.connect();
      let heard: string[] = [];
      for (const name of LIFE) manager.on(name, (_: unknown, id: number) => heard.push(`${name} ${id}`));
      const take = () => heard.splice(0).toSorted();

      await manager.reshard(3);
      // No event of the previous set's end: its ids belong to the new shards by then.
      expect(take()).toEqual(each('connect', 'ready', 'READY'));
      await manager.close();
      await manager.connect();
      expect(take()).toEqual(each('close', 'connect', 'ready', 'READY'));
      await manager.restart();
      expect(take()).toEqual(each('close', 'connect', 'resumed', 'RESUMED'));
      heard = [];
    }),
  );

  test(
    'connect() in a listener of `close` resolves for the new shard, and does not reject for the one that 4014 refused',
    managed({ manager: { total: 2 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const retried = new Promise<unknown>((resolve) => {
        manager.once('close', () => resolve(manager.connect().then(() => 'up', String)));
      });
      simulator.closeWith(4014, 'why', 1);
      expect(await retried).toBe('up');
      expect(manager.status().counts.Connected).toBe(2);
    }),
  );

  test(
    'aborting a reshard that was refused with BUSY does not call off the one that runs',
    { timeout: 30_000 },
    managed({ simulator: { maxConcurrency: 8 }, manager: { total: 1 } }, async ({ manager }) => {
      await manager.connect();
      const first = manager.reshard(2);
      const stop = new AbortController();
      const second = manager.reshard(3, { signal: stop.signal });
      stop.abort(new Error('of the second'));
      await expect(second).rejects.toMatchObject({ code: 'BUSY' });
      await first;
      expect(manager.total).toBe(2);
    }),
  );
});

describe('identifies', () => {
  test(
    "sessionStartLimit is counted down, and not reset when reshard('auto') asks for the total",
    managed({ simulator: { shards: 3, maxConcurrency: 8 } }, async ({ simulator }) => {
      const sessionStartLimit = { total: 100, remaining: 4, reset_after: 3_600_000, max_concurrency: 8 };
      const manager = managerOn(simulator, { total: 2, sessionStartLimit, options: { url: simulator.url } });
      await manager.connect();
      expect(manager.controller?.remaining).toBe(2);
      await expect(manager.reshard('auto')).rejects.toMatchObject({ code: 'OVER_BUDGET', value: 2 });
      expect(simulator.identifies).toHaveLength(2);
      await manager.shutdown();
    }),
  );

  test(
    'restart({ newSessions: true }) with too few identifies left rejects with OVER_BUDGET, and every session stays',
    managed(
      { simulator: { maxConcurrency: 8, sessionStartLimit: { remaining: 3 } }, manager: { total: 2 } },
      async ({ manager, simulator }) => {
        await manager.connect();
        const sessions = manager.getCurrentSessions();
        await expect(manager.restart({ newSessions: true })).rejects.toMatchObject({ code: 'OVER_BUDGET', value: 1 });
        expect([manager.getCurrentSessions(), simulator.identifies.length]).toEqual([sessions, 2]);
      },
    ),
  );

  test(
    'max_concurrency comes from GET /gateway/bot where sessionStartLimit has none',
    managed(
      {
        simulator: { maxConcurrency: 4 },
        manager: { total: 'auto', sessionStartLimit: { total: 100, remaining: 90, reset_after: 3_600_000 } },
      },
      async ({ manager }) => {
        await manager.connect();
        expect(manager.controller).toMatchObject({ concurrency: 4, remaining: 89 });
      },
    ),
  );
});

describe('sessions', () => {
  test(
    'of a new set are in a slow store when shutdown() resolves',
    { timeout: 30_000 },
    managed({ simulator: { maxConcurrency: 8 } }, async ({ simulator }) => {
      const stored = new Map<number, Session>();
      const sessionStore = {
        get: (id: number) => stored.get(id) ?? null,
        set: (id: number, session: Session) => void stored.set(id, session),
        delete: (id: number) => void stored.delete(id),
        async setTotal(total: number) {
          if (total === 1) return;
          await new Promise((resolve) => setTimeout(resolve, 500));
          stored.clear();
        },
      };
      const manager = managerOn(simulator, { total: 1, sessionStore });
      await manager.connect();
      const resharded = manager.reshard(3);
      await until(() => manager.total === 3);
      await manager.shutdown({ resumable: true });
      await expect(resharded).rejects.toMatchObject({ code: 'CLOSED' });
      expect([...stored.keys()].toSorted()).toEqual([0, 1, 2]);
    }),
  );

  test(
    'kept by close({ code: 4900 }) are in getCurrentSessions(), and deleted by shutdown()',
    managed({}, async ({ simulator }) => {
      const sessionStore = createMemorySessionStore();
      const manager = managerOn(simulator, { total: 1, sessionStore });
      await manager.connect();
      const sessions = manager.getCurrentSessions();
      await manager.close({ code: 4900 });
      expect(manager.getCurrentSessions()).toEqual(sessions);
      expect(await sessionStore.get(0)).toMatchObject({ ...sessions[0] });
      await manager.shutdown();
      expect(await sessionStore.get(0)).toBeNull();
    }),
  );

  test('of a file of total 2 are not returned after setTotal(8)', async () => {
    const before = createFileSessionStore(inFolder('others.json'), { total: 2 });
    await before.set(1, sessionOf(1));
    await before.close();
    const after = createFileSessionStore(inFolder('others.json'), { onError: (error) => errors.push(error) });
    expect(await after.get(1)).toEqual(sessionOf(1));
    await after.setTotal(8);
    expect([await after.get(1), errors.map(({ code }) => code)]).toEqual([null, ['OTHER_TOTAL']]);
    await after.close();
  });
});

test(
  'connect() right after close() joins the start that is under way, and rejects with CLOSED after shutdown()',
  managed({ manager: { total: 1 } }, async ({ manager, simulator }) => {
    await manager.connect();
    void manager.close({ code: 4900 });
    await Promise.all([manager.connect(), manager.connect()]);
    expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    const ending = manager.shutdown();
    await expect(manager.connect()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(manager.broadcast({ op: 3, d: {} })).rejects.toBeDefined();
    await ending;
    await expect(manager.broadcast({ op: 3, d: {} })).rejects.toMatchObject({ code: 'UNKNOWN_SHARD' });
  }),
);

test('of nine shards that were created at most the two in service stay in memory', { timeout: 60_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const simulator = await simulate({ maxConcurrency: 8 });
  const manager = managerOn(simulator, { total: 2 });
  const made: WeakRef<Shard>[] = [];
  manager.on('shard', (shard) => made.push(new WeakRef(shard)));
  const alive = () => made.filter((ref) => ref.deref() !== undefined).length;
  for (let round = 0; round < 3; round += 1) {
    await manager.connect();
    await manager.close();
  }
  await manager.connect();
  simulator.closeWith(4014, 'refused', 1);
  await until(() => manager.status().counts.Offline === 1);
  await manager.connect();
  expect(made).toHaveLength(9);
  // Two are in service. The simulator and timers may hold one or two more for a moment.
  await until(() => {
    collect();
    return alive() <= 2;
  }, 20_000);
  await manager.shutdown();
  await simulator.close();
});
