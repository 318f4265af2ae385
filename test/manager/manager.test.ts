import { describe, expect, test } from 'vitest';
import {
  createIdentifyLimiter,
  createMemorySessionStore,
  FatalShardError,
  fetchGatewayInfo,
  type Session,
} from '../../src/index.js';
import { data, identifiable, sentBy, settled, simulate, story, TOKEN, until } from '../shard/rig.js';
import { managed, managerOn, WINDOW } from './rig.js';

const identified = (simulator: Parameters<typeof story>[0]) => simulator.identifies.map(({ shardId }) => shardId);

describe.concurrent('connect()', () => {
  test(
    'takes the total, the URL and max_concurrency from GET /gateway/bot',
    managed({ simulator: { shards: 3, maxConcurrency: 3 } }, async ({ simulator, manager }) => {
      expect([manager.total, manager.ids, manager.shards.size, manager.controller]).toEqual([0, [], 0, null]);
      await manager.connect();
      expect([manager.total, manager.ids, manager.state]).toEqual([3, [0, 1, 2], 'Running']);
      expect([...manager.shards.values()].map(({ state }) => state)).toEqual(Array(3).fill('Connected'));
      expect(sentBy(simulator, 2).map((frame) => data(frame)['shard'])).toEqual([
        [0, 3],
        [1, 3],
        [2, 3],
      ]);
      expect(manager.controller).toMatchObject({ total: 1_000, remaining: 997, concurrency: 3, timeout: WINDOW });
      expect(manager.controller?.resetTimestamp).toBeGreaterThan(Date.now() + 86_000_000);
    }),
  );

  test('with gatewayInfo never asks GET /gateway/bot, and connects to its URL', async () => {
    const simulator = await simulate({ shards: 2 });
    const gatewayInfo = await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl });
    const asked = () => simulator.log.filter(({ kind }) => kind === 'api').length;
    const before = asked();
    const manager = managerOn(simulator, { gatewayInfo, api: 'http://127.0.0.1:1/' });
    await manager.connect();
    expect([manager.total, asked()]).toEqual([2, before]);
    await manager.shutdown();
    expect(simulator.violations).toEqual([]);
    await simulator.close();
  });

  test(
    'with ids { start: 2, end: 4 } identifies 2, 3 and 4',
    managed({ manager: { total: 8, ids: { start: 2, end: 4 } } }, async ({ simulator, manager }) => {
      await manager.connect();
      expect([manager.ids, identified(simulator)]).toEqual([
        [2, 3, 4],
        [2, 3, 4],
      ]);
    }),
  );

  test(
    'called twice at once identifies each shard once, and resolves at once when all are up',
    managed({ manager: { total: 2 } }, async ({ simulator, manager }) => {
      await Promise.all([manager.connect(), manager.connect()]);
      await manager.connect();
      expect(identified(simulator)).toEqual([0, 1]);
    }),
  );

  test(
    'rejects with the 4014 that refused one shard; the others keep their sessions and close',
    managed(
      {
        simulator: { maxConcurrency: 2, script: [{ at: 'identify', shardId: 1, closeWith: 4014, delay: 100 }] },
        // The third shard waits so long that even a slow machine hears of the refusal first.
        manager: { total: 3, identifyWindow: 3_000 },
      },
      async ({ simulator, manager }) => {
        const errors: [Error, number][] = [];
        manager.on('error', (error, shardId) => errors.push([error, shardId]));
        const error: unknown = await manager.connect().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(FatalShardError);
        expect(error).toMatchObject({ closeCode: 4014, shardId: 1 });
        expect(errors).toEqual([[error, 1]]);
        expect([manager.state, manager.shards.size]).toEqual(['Offline', 0]);
        await settled(simulator);
        expect(identified(simulator)).toEqual([0, 1]);
        // The refused shard identifies now, and a shard with a session resumes.
        await manager.connect();
        expect(identified(simulator).toSorted()).toEqual([0, 1, 1, 2]);
      },
    ),
  );

  test('rejects with UNAUTHORIZED at a wrong token, each time it is called', async () => {
    const simulator = await simulate({ token: 'another' });
    const manager = managerOn(simulator);
    await expect(manager.connect()).rejects.toMatchObject({ name: 'GatewayInfoError', code: 'UNAUTHORIZED' });
    expect(manager.state).toBe('Offline');
    await expect(manager.connect()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await manager.shutdown();
    await simulator.close();
  });

  test(
    'rejects with CLOSED at close(), and every connection ends',
    managed({ simulator: { maxConcurrency: 1 }, manager: { total: 6 } }, async ({ simulator, manager }) => {
      const connecting = manager.connect();
      await until(() => simulator.identifies.length === 2);
      const closing = manager.close();
      await expect(connecting).rejects.toMatchObject({ name: 'ShardError', code: 'CLOSED' });
      await closing;
      expect([manager.state, manager.shards.size]).toEqual(['Offline', 0]);
      await settled(simulator);
    }),
  );

  test(
    'right after close() resumes every shard once all are down',
    managed({ manager: { total: 2 } }, async ({ manager, simulator }) => {
      await manager.connect();
      const closing = manager.close({ code: 4900 });
      await Promise.all([closing, manager.connect()]);
      expect(manager.state).toBe('Running');
      expect(story(simulator).toSorted()).toEqual(['identify /', 'identify /', 'resume /resume', 'resume /resume']);
    }),
  );

  test(
    'identifies a shard again that went down, and leaves the others connected',
    managed({ manager: { total: 3 } }, async ({ manager, simulator }) => {
      await manager.connect();
      const shards = [...manager.shards.values()];
      await manager.shards.get(1)?.close();
      expect(manager.status().counts).toMatchObject({ Connected: 2, Offline: 1 });
      await manager.connect();
      expect([...manager.shards.values()]).toEqual(shards);
      expect(identified(simulator)).toEqual([0, 1, 2, 1]);
    }),
  );

  test(
    'replaces a shard that 4004 refused while it ran, and leaves the others connected',
    managed({ manager: { total: 2 } }, async ({ manager, simulator }) => {
      await manager.connect();
      const refused = new Promise((resolve) => manager.once('error', (error, id) => resolve([error.message, id])));
      simulator.closeWith(4004, 'token reset', 1);
      expect(await refused).toEqual([expect.stringContaining('4004'), 1]);
      expect([manager.state, manager.shards.get(1)?.state]).toEqual(['Running', 'Offline']);
      await manager.connect();
      expect([...manager.shards.values()].map(({ state }) => state)).toEqual(['Connected', 'Connected']);
    }),
  );
});

describe.concurrent('identifies', () => {
  test(
    'wait for identifyHook one by one, and there is no controller then',
    managed({ simulator: { maxConcurrency: 4 } }, async ({ simulator }) => {
      const asked: number[] = [];
      const allow: (() => void)[] = [];
      const identifyHook = (shardId: number) => {
        asked.push(shardId);
        return new Promise<void>((resolve) => allow.push(resolve));
      };
      const { gateway } = { gateway: simulator.url };
      const manager = managerOn(simulator, {
        total: 2,
        identifyHook,
        options: { url: gateway },
        api: 'http://127.0.0.1:1',
      });
      const connecting = manager.connect();
      await until(() => asked.length === 2);
      expect([manager.controller, identified(simulator)]).toEqual([null, []]);
      allow[1]?.();
      await until(() => simulator.identifies.length === 1);
      expect(identified(simulator)).toEqual([asked[1]]);
      allow[0]?.();
      await connecting;
      await manager.shutdown();
    }),
  );

  test('of two managers that share an identifyLimiter break no window', async () => {
    const simulator = await simulate({ maxConcurrency: 1 });
    const identifyLimiter = createIdentifyLimiter({ window: WINDOW });
    const ofThem = { total: 4, identifyLimiter, options: { url: simulator.url } };
    const managers = [
      managerOn(simulator, { ...ofThem, ids: [0, 1] }),
      managerOn(simulator, { ...ofThem, ids: [2, 3] }),
    ];
    await Promise.all(managers.map((manager) => manager.connect()));
    expect(simulator.violations).toEqual([]);
    expect(identified(simulator).toSorted()).toEqual([0, 1, 2, 3]);
    await Promise.all(managers.map((manager) => manager.shutdown()));
    await simulator.close();
  });

  test(
    'ask an identifyHook that threw again after a back-off',
    managed({}, async ({ simulator }) => {
      let asked = 0;
      const identifyHook = () => {
        asked += 1;
        if (asked === 1) throw new Error('no answer');
      };
      const manager = managerOn(simulator, { total: 1, identifyHook, options: { url: simulator.url } });
      await manager.connect();
      expect([asked, simulator.identifies.length]).toEqual([2, 1]);
      await manager.shutdown();
    }),
  );
});

/** A manager whose shard waits for its identifyHook. */
const waitsForHook = async (simulator: Parameters<typeof managerOn>[0]) => {
  const signals: AbortSignal[] = [];
  const identifyHook = (_shardId: number, { signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  };
  const manager = managerOn(simulator, { total: 1, identifyHook, options: { url: simulator.url } });
  const refused = manager.connect().catch((error: unknown) => error);
  await until(() => signals.length === 1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  return { manager, signals, refused };
};

describe.concurrent('the signal of identifyHook', () => {
  test(
    'aborts when the manager is shut down, and no IDENTIFY leaves',
    managed({}, async ({ simulator }) => {
      const { manager, signals, refused } = await waitsForHook(simulator);
      await manager.shutdown();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      expect(await refused).toMatchObject({ code: 'CLOSED' });
      expect(simulator.identifies).toEqual([]);
    }),
  );

  test(
    'aborts when the connection is lost, and the next connection asks again with another one',
    managed({}, async ({ simulator }) => {
      const { manager, signals } = await waitsForHook(simulator);
      simulator.connections[0]?.reset();
      await until(() => signals.length === 2);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
      expect(simulator.identifies).toEqual([]);
      await manager.shutdown();
    }),
  );
});

describe.concurrent('shutdown()', () => {
  test.each([
    [{}, { closeCode: 1000, closeReason: 'shutdown requested' }, false],
    [{ resumable: true }, { closeCode: 4900, closeReason: 'shutdown requested' }, true],
    [{ code: 4321, reason: 'new version' }, { closeCode: 4321, closeReason: 'new version' }, true],
    [{ code: 1001, reason: 'the machine stops', resumable: true }, { closeCode: 1001 }, false],
  ])('with %j closes every connection with %j; sessions are kept: %j', (options, closed, isKept) =>
    managed({ manager: { total: 2 } }, async ({ simulator }) => {
      const sessionStore = createMemorySessionStore();
      const manager = managerOn(simulator, { total: 2, sessionStore });
      await manager.connect();
      await manager.shutdown(options);
      await settled(simulator);
      expect(simulator.connections).toMatchObject([closed, closed]);
      expect([sessionStore.get(0), sessionStore.get(1)].map((session) => session !== null)).toEqual([isKept, isKept]);
    })(),
  );

  test(
    'with a code that a client may not send rejects with INVALID_OPTION, and nothing goes down',
    managed({ manager: { total: 1 } }, async ({ manager }) => {
      await manager.connect();
      await expect(manager.shutdown({ code: 1006 })).rejects.toMatchObject({ code: 'INVALID_OPTION', value: 1006 });
      expect(manager.state).toBe('Running');
    }),
  );
});

describe.concurrent('sessions', () => {
  test(
    'of shardOptions are resumed, and cost no identify',
    managed({ manager: { total: 3 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const sessions = manager.getCurrentSessions();
      await manager.shutdown({ resumable: true });
      const shardOptions = Object.fromEntries(
        Object.entries(sessions).map(([id, session]) => [id, { session: session as Session }]),
      );
      const next = managerOn(simulator, { total: 3, shardOptions });
      await next.connect();
      expect(simulator.identifies).toHaveLength(3);
      await next.shutdown();
    }),
  );

  test(
    'of a store are read once each, and resumed before any shard identifies',
    managed({ simulator: { maxConcurrency: 1 } }, async ({ simulator }) => {
      const memory = createMemorySessionStore();
      const asked: number[] = [];
      const sessionStore = { ...memory, get: (id: number) => (asked.push(id), memory.get(id)) };
      const first = managerOn(simulator, { total: 3, ids: [1, 2], sessionStore });
      await first.connect();
      await first.shutdown({ resumable: true });
      asked.length = 0;
      await identifiable(simulator);
      const second = managerOn(simulator, { total: 3, sessionStore });
      const connected: number[] = [];
      second.on('connect', (_, id) => connected.push(id));
      await second.connect();
      expect([asked, connected.at(-1)]).toEqual([[0, 1, 2], 0]);
      expect(identified(simulator)).toEqual([1, 2, 0]);
      await second.shutdown();
    }),
  );

  test(
    'all shards identify where every method of the store rejects',
    managed({}, async ({ simulator }) => {
      const sessionStore = {
        get: () => Promise.reject(new Error('no database')),
        set: () => Promise.reject(new Error('no database')),
        delete: () => {},
        setTotal: () => Promise.reject(new Error('no database')),
      };
      const manager = managerOn(simulator, { total: 2, sessionStore });
      await manager.connect();
      expect(manager.status().counts.Connected).toBe(2);
      await manager.shutdown();
    }),
  );
});
