import { describe, expect, test, vi } from 'vitest';
import { createShardManager } from '../../src/index.js';
import { data, sentBy, settled, simulate, story, TOKEN, until, within } from '../shard/rig.js';
import { guildsOf, INTENTS, managed } from './rig.js';

describe.concurrent('listeners', () => {
  test(
    'get the event and the id of its shard',
    managed({ manager: { total: 2 } }, async ({ simulator, manager }) => {
      const told: unknown[] = [];
      const record = (name: string) => (value: unknown, shardId: number) => told.push([name, value, shardId]);
      manager.on('MESSAGE_CREATE', record('MESSAGE_CREATE'));
      manager.on('event', (payload, shardId) => record('event')(payload.t, shardId));
      manager.on('dispatch', (payload, shardId) => record('dispatch')(payload.t, shardId));
      await manager.connect();
      told.length = 0;
      simulator.dispatch('MESSAGE_CREATE', { n: 1 }, 1);
      await until(() => told.length === 3);
      expect(told).toEqual([
        ['dispatch', 'MESSAGE_CREATE', 1],
        ['event', 'MESSAGE_CREATE', 1],
        ['MESSAGE_CREATE', { n: 1 }, 1],
      ]);
    }),
  );

  test(
    'get connect, ready, close with its decision, and resumed with the number of replayed events',
    managed({ manager: { total: 2 } }, async ({ simulator, manager }) => {
      const told: unknown[] = [];
      manager.on('connect', (value, id) => told.push(['connect', value, id]));
      manager.on('ready', (ready, id) => told.push(['ready', ready.session_id.length > 0, id]));
      manager.on('resumed', (value, id) => told.push(['resumed', value, id]));
      manager.on('close', ({ code, decision }, id) => told.push(['close', code, decision?.action, id]));
      manager.on('disconnected', ({ code }, id) => told.push(['disconnected', code, id]));
      await manager.connect();
      expect(told.toSorted()).toEqual([
        ['connect', { resumed: false }, 0],
        ['connect', { resumed: false }, 1],
        ['ready', true, 0],
        ['ready', true, 1],
      ]);
      told.length = 0;
      simulator.closeWith(4000, 'why', 1);
      simulator.dispatch('MESSAGE_CREATE', { n: 1 }, 1);
      await until(() => told.length === 4);
      expect(told).toEqual([
        ['disconnected', 4000, 1],
        ['close', 4000, 'resume', 1],
        ['connect', { resumed: true }, 1],
        ['resumed', { replayed: 1 }, 1],
      ]);
    }),
  );

  test(
    'added, added with once or removed while running get exactly the events of that time',
    managed({ manager: { total: 1 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const heard: number[] = [];
      const listener = (message: unknown) => heard.push((message as { n: number }).n);
      const wants = () => manager.shards.get(0)?.stats.dispatches ?? 0;
      const send = async (n: number) => {
        const before = wants();
        simulator.dispatch('MESSAGE_CREATE', { n });
        await until(() => wants() > before);
      };
      manager.once('MESSAGE_CREATE', listener);
      await send(1);
      await send(2);
      manager.on('MESSAGE_CREATE', listener);
      await send(3);
      manager.off('MESSAGE_CREATE', listener);
      await send(4);
      manager.on('MESSAGE_CREATE', listener);
      await send(5);
      expect(heard).toEqual([1, 3, 5]);
    }),
  );

  test(
    'that throw are reported to the logger; other listeners and the shard go on',
    managed({ manager: { total: 1 } }, async ({ simulator, manager, lines }) => {
      await manager.connect();
      const heard = vi.fn();
      manager.on('MESSAGE_CREATE', () => {
        throw new Error('a bug of mine');
      });
      manager.on('MESSAGE_CREATE', heard);
      simulator.dispatch('MESSAGE_CREATE', { n: 1 });
      await until(() => heard.mock.calls.length === 1);
      expect(lines.error.filter((line) => line.includes('a bug of mine'))).toHaveLength(1);
      expect(manager.shards.get(0)?.state).toBe('Connected');
    }),
  );

  test('are not needed for `error`: without one a 4014 becomes one warning of the process', async () => {
    const simulator = await simulate();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const manager = createShardManager({ token: TOKEN, intents: INTENTS, total: 1, api: simulator.apiUrl });
    await manager.connect();
    simulator.closeWith(4014);
    await until(() => manager.shards.get(0)?.state === 'Offline');
    await until(() => warned.mock.calls.length > 0);
    expect(warned.mock.calls.map(([message]) => String(message))).toEqual([expect.stringMatching(/shard 0: .*4014/)]);
    warned.mockRestore();
    await manager.shutdown();
    await simulator.close();
  });

  test(
    'events() yields every dispatch with its shard, and ends at shutdown()',
    managed({ manager: { total: 2 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const [{ t, d }, shardId] of manager.events()) seen.push([t, d, shardId]);
      })();
      simulator.dispatch('TYPING_START', { n: 1 }, 0);
      await until(() => seen.length === 1);
      simulator.dispatch('TYPING_START', { n: 2 }, 1);
      await until(() => seen.length === 2);
      await manager.close();
      await manager.connect();
      simulator.dispatch('TYPING_START', { n: 3 }, 1);
      await until(() => seen.length > 2 && JSON.stringify(seen).includes('"n":3'));
      await manager.shutdown();
      await within(2_000, reading);
      expect(seen.filter((event) => JSON.stringify(event).includes('TYPING'))).toEqual([
        ['TYPING_START', { n: 1 }, 0],
        ['TYPING_START', { n: 2 }, 1],
        ['TYPING_START', { n: 3 }, 1],
      ]);
    }),
  );
});

describe.concurrent('members of a manager', () => {
  test(
    'send uses one shard, broadcast all, shardFor returns the shard of a guild',
    managed({ manager: { total: 3 } }, async ({ simulator, manager }) => {
      const [, second = ''] = guildsOf(3);
      expect(manager.shardFor(second)).toBeUndefined();
      await manager.connect();
      expect(manager.shardFor(second)?.id).toBe(1);
      await manager.send(2, { op: 3, d: { since: null, activities: [], status: 'idle', afk: false } });
      await manager.broadcast({ op: 3, d: { since: null, activities: [], status: 'dnd', afk: false } });
      await until(() => sentBy(simulator, 3).length === 4);
      const said = sentBy(simulator, 3).map((frame) => `${frame.shardId} ${String(data(frame)['status'])}`);
      expect(said.toSorted()).toEqual(['0 dnd', '1 dnd', '2 dnd', '2 idle']);
      await expect(manager.send(7, { op: 3, d: {} })).rejects.toMatchObject({ code: 'UNKNOWN_SHARD', value: 7 });
      expect(() => manager.shardFor('general')).toThrow(/id of a guild/);
    }),
  );

  test(
    'getAveragePing, getCurrentSessions and status agree with the shards',
    managed({ simulator: { heartbeatInterval: 1_500 }, manager: { total: 2 } }, async ({ manager }) => {
      expect([manager.getAveragePing(), manager.getCurrentSessions()]).toEqual([null, {}]);
      await manager.connect();
      await until(() => [...manager.shards.values()].every(({ latency }) => latency !== null));
      const [first, second] = [...manager.shards.values()].map(({ latency }) => latency ?? 0);
      expect(manager.getAveragePing()).toBeCloseTo(((first ?? 0) + (second ?? 0)) / 2, 0);
      const sessions = manager.getCurrentSessions();
      expect(Object.keys(sessions)).toEqual(['0', '1']);
      expect(sessions[1]).toEqual(manager.shards.get(1)?.session);
      expect(manager.status()).toMatchObject({
        state: 'Running',
        total: 2,
        counts: { Connected: 2, Offline: 0 },
        progress: { waiting: 0, opening: 0, rising: 0, closing: 0 },
        identifies: { waiting: 0, nextAt: null, total: 1_000, remaining: 998 },
      });
    }),
  );

  test(
    'status() during a start has the number of waiting shards and the time of the next identify',
    managed({ simulator: { maxConcurrency: 1 }, manager: { total: 4, identifyWindow: 5_000 } }, async ({ manager }) => {
      const connecting = manager.connect();
      await until(() => manager.status().counts.Connected === 1 && manager.status().identifies?.waiting === 3);
      const { identifies, state } = manager.status();
      expect(state).toBe('Starting');
      expect((identifies?.nextAt ?? 0) - Date.now()).toBeLessThanOrEqual(5_000 * 1.03);
      expect(identifies?.nextAt).toBeGreaterThan(Date.now() - 1_000);
      void manager.close();
      await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' });
    }),
  );

  test(
    'a second operation rejects with BUSY and the state of the manager',
    managed({ manager: { total: 2 } }, async ({ manager }) => {
      await expect(manager.reshard(4)).rejects.toMatchObject({ code: 'BUSY', value: 'Offline' });
      const connecting = manager.connect();
      await expect(manager.scale([0])).rejects.toMatchObject({ code: 'BUSY', value: 'Preparing' });
      await connecting;
      const restarting = manager.restart();
      await expect(manager.restart()).rejects.toMatchObject({ code: 'BUSY', value: 'Restarting' });
      await restarting;
    }),
  );

  test(
    'forceClose() closes every socket before it returns, and keeps the sessions',
    managed({ manager: { total: 2 } }, async ({ manager, simulator }) => {
      await manager.connect();
      const shards = [...manager.shards.values()];
      manager.forceClose();
      expect(shards.map((shard) => [shard.isOpen(), shard.state, shard.session !== null])).toEqual([
        [false, 'Offline', true],
        [false, 'Offline', true],
      ]);
      await settled(simulator);
      await until(() => manager.state === 'Offline');
      await manager.connect();
      expect(story(simulator).slice(2)).toEqual(['resume /resume', 'resume /resume']);
    }),
  );

  test(
    'after shutdown() connect and reshard reject with CLOSED; a second shutdown() resolves',
    managed({ manager: { total: 1 } }, async ({ manager }) => {
      await manager.connect();
      await Promise.all([manager.shutdown(), manager.shutdown()]);
      await expect(manager.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(manager.reshard(2)).rejects.toMatchObject({ code: 'CLOSED' });
      await manager.close();
      expect([manager.state, manager.actor.getSnapshot().status]).toEqual(['Offline', 'stopped']);
    }),
  );
});
