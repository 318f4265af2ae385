import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createFileSessionStore, createMemorySessionStore, type Session, type Shard } from '../../src/index.js';
import { sessionFile, sessionOf } from '../sessions/rig.js';
import { simulate, story, until } from '../shard/rig.js';
import { managed, managerOn } from './rig.js';

const { inFolder, errors } = sessionFile();

const each = (...names: string[]) => names.flatMap((name) => [0, 1, 2].map((id) => `${name} ${id}`)).toSorted();

describe('told once and of the right set', () => {
  const LIFE = ['connect', 'ready', 'READY', 'close', 'resumed', 'RESUMED'] as const;

  test(
    'the events of a reshard, of a close and connect right after it, and of a restart then',
    { timeout: 30_000 },
    managed({ simulator: { maxConcurrency: 8 }, manager: { total: 2 } }, async ({ manager }) => {
      await manager.connect();
      let told: string[] = [];
      for (const name of LIFE) manager.on(name, (_: unknown, id: number) => told.push(`${name} ${id}`));
      const take = () => told.splice(0).toSorted();

      await manager.reshard(3);
      // Nothing of the old set's end: its ids are those of others by then.
      expect(take()).toEqual(each('connect', 'ready', 'READY'));
      await manager.close();
      await manager.connect();
      expect(take()).toEqual(each('close', 'connect', 'ready', 'READY'));
      await manager.restart();
      expect(take()).toEqual(each('close', 'connect', 'resumed', 'RESUMED'));
      told = [];
    }),
  );

  test(
    'a connect() from a listener of `close` hears of the new shard, not of the one that was refused',
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
    'a refused reshard that is aborted leaves alone the one that is under way',
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
    'limits that were given are told once, and not begun anew by a question for the total',
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
    'a restart with new sessions beyond the day is refused before a session is given up',
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
    'max_concurrency of the answer holds where the limits that were given say none',
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
    'of a new set are with a slow store once shutdown() has resolved',
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
    'that close() has kept are told after it, and end with shutdown()',
    managed({}, async ({ simulator }) => {
      const sessionStore = createMemorySessionStore();
      const manager = managerOn(simulator, { total: 1, sessionStore });
      await manager.connect();
      const sessions = manager.getCurrentSessions();
      await manager.close({ code: 4900 });
      expect(manager.getCurrentSessions()).toEqual(sessions);
      expect(await sessionStore.get(0)).toEqual(sessions[0]);
      await manager.shutdown();
      expect(await sessionStore.get(0)).toBeNull();
    }),
  );

  test('of a file that was read before anybody said the total are not resumed by other shards', async () => {
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
  'connect() while it comes back joins, and after shutdown() has begun is refused with CLOSED',
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

test('shards that have gone leave nothing behind', { timeout: 60_000 }, async () => {
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
  // Two in service; the simulator and timers may hold on to one or two for a moment.
  await until(() => {
    collect();
    return alive() <= 2;
  }, 20_000);
  await manager.shutdown();
  await simulator.close();
});
