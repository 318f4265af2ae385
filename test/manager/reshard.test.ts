import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  createFileSessionStore,
  createMemorySessionStore,
  FatalShardError,
  type ShardManager,
} from '../../src/index.js';
import type { StoredSession } from '../../src/protocol/session.js';
import { shardIdFor } from '../../src/protocol/sharding.js';
import { connectionOf, guildLoad, openOf, resetShard, sessionsOf } from './fleetRig.js';
import { settled, simulate, story, until } from '../shard/rig.js';
import { INTENTS, managed, managerOn } from './rig.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-reshard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
const four = { shards: 4 };
/** Long beside a stall of a busy machine: identifies that arrive too close together are refused. */
const LONG_WINDOW = 800;

/** Facts that a failed reshard must not change. */
const standing = (manager: ShardManager) => ({
  state: manager.state,
  total: manager.total,
  ids: manager.ids,
  shards: [...manager.shards.values()],
  up: [...manager.shards.values()].map(({ state }) => state),
  sessions: Object.values(manager.getCurrentSessions()).map((session) => session?.id),
});

describe.concurrent('a reshard under load', () => {
  test(
    'from 4 to 8 shards delivers each event once to each listener, in order per guild',
    managed({ simulator: four }, async ({ simulator, manager }) => {
      await manager.connect();
      const old = [...manager.shards.values()];
      const load = guildLoad(simulator, manager);
      await until(() => load.sent > 100);
      const before = load.sent;
      await manager.reshard(8);
      const after = load.sent;
      await until(() => load.sent > after + 100);
      await load.isWhole();

      expect(standing(manager)).toMatchObject({ state: 'Running', total: 8, ids: [0, 1, 2, 3, 4, 5, 6, 7] });
      expect(manager.status().counts.Connected).toBe(8);
      expect(old.filter((shard) => [...manager.shards.values()].includes(shard))).toEqual([]);
      expect(old.map(({ state }) => state)).toEqual(Array(4).fill('Offline'));
      expect(openOf(simulator, 8)).toBe(8);
      expect(simulator.connections.filter(({ open }) => open)).toHaveLength(8);
      // Listeners get the shard id of the set in service.
      for (const { n, guildId, shardId } of load.heard.event) {
        if (n < before) expect(shardId).toBe(shardIdFor(guildId, 4));
        if (n >= after) expect(shardId).toBe(shardIdFor(guildId, 8));
      }
    }),
  );

  test(
    'delivers each event once while shards of both sets lose their connections',
    managed({ simulator: four }, async ({ simulator, manager }) => {
      await manager.connect();
      const old = manager.shards;
      const load = guildLoad(simulator, manager);
      await until(() => load.sent > 100);
      const resharded = manager.reshard(8);
      // The new shards 3 and 7 are not connected yet: events of their guilds wait in one session only.
      await until(() => sessionsOf(simulator, 8).length >= 1);
      simulator.next({ at: 'resume', shardId: 3, delay: 1_500 });
      expect(resetShard(simulator, 4, 3)).toBe(true);
      await until(() => sessionsOf(simulator, 8).length >= 6);
      expect(resetShard(simulator, 4, 0)).toBe(true);
      expect(resetShard(simulator, 8, 5)).toBe(true);
      // This shard does not notice its silent connection: from now on only the new set receives its events.
      expect(connectionOf(simulator, 4, 1)?.silence()).toBe(true);
      // The hand-over has waited for the shards that come back.
      await until(() => manager.total === 8);
      expect([...old.values()].map(({ state }) => state)).toEqual(Array(4).fill('Connected'));
      expect(resetShard(simulator, 4, 2)).toBe(true);
      expect(resetShard(simulator, 8, 5)).toBe(true);
      await resharded;
      await load.isWhole((guildId) => shardIdFor(guildId, 4) === 3);
      expect(manager.status().counts.Connected).toBe(8);
      expect(story(simulator).filter((line) => line.startsWith('resume')).length).toBeGreaterThanOrEqual(4);
    }),
  );

  test(
    'from 8 to 2 shards delivers each event once to each listener, in order per guild',
    managed({ simulator: { shards: 8, maxConcurrency: 4 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const load = guildLoad(simulator, manager);
      await until(() => load.sent > 100);
      await manager.reshard(2);
      await load.isWhole();
      expect(standing(manager)).toMatchObject({
        state: 'Running',
        total: 2,
        ids: [0, 1],
        up: ['Connected', 'Connected'],
      });
      expect(simulator.connections.filter(({ open }) => open)).toHaveLength(2);
      expect(simulator.identifies).toHaveLength(10);
    }),
  );

  test('leaves the 8 new sessions in the store, and the next manager resumes them', async () => {
    await using simulator = await simulate({ shards: 4, maxConcurrency: 4 });
    const file = join(folder, 'sessions.json');
    {
      await using store = createFileSessionStore(file);
      await using manager = managerOn(simulator, { sessionStore: store, identifyWindow: LONG_WINDOW });
      await manager.connect();
      await manager.reshard(8);
      const { heard, isWhole } = guildLoad(simulator, manager);
      await until(() => heard.event.length > 20);
      await isWhole();
      await manager.shutdown({ resumable: true });
    }
    await settled(simulator);
    expect(simulator.identifies).toHaveLength(12);
    for (let n = 0; n < 8; n += 1) simulator.dispatch('TYPING_START', { n }, n);

    await using store = createFileSessionStore(file);
    await using after = managerOn(simulator, { sessionStore: store, total: 8 });
    const heard: unknown[] = [];
    after.on('TYPING_START', (data) => void heard.push((data as { n?: unknown }).n));
    await after.connect();
    expect(after.status().shards.map(({ resumes }) => resumes)).toEqual(Array(8).fill(1));
    expect(simulator.identifies).toHaveLength(12);
    expect(heard.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(simulator.violations).toEqual([]);
  });

  test('leaves each new session in the store with the intents, id and total of its shard', async () => {
    await using simulator = await simulate({ shards: 2, maxConcurrency: 2 });
    const sessionStore = createMemorySessionStore();
    await using manager = managerOn(simulator, { total: 1, sessionStore });
    const rows = () => Promise.all([0, 1].map(async (id) => (await sessionStore.get(id)) as StoredSession));
    await manager.connect();
    await manager.reshard(2);
    const current = Object.values(manager.getCurrentSessions());
    await vi.waitFor(async () => expect(await rows()).toMatchObject(current));
    expect((await rows()).map(({ identifiedAs }) => identifiedAs)).toEqual([
      { version: 1, intents: INTENTS, shard: [0, 2] },
      { version: 1, intents: INTENTS, shard: [1, 2] },
    ]);
  });
});

describe.concurrent('a failed reshard leaves the old set as it was:', () => {
  const store = createMemorySessionStore();
  test(
    'aborted while the new set connects',
    managed({ simulator: four, manager: { sessionStore: store } }, async ({ simulator, manager }) => {
      await manager.connect();
      const load = guildLoad(simulator, manager);
      const before = standing(manager);
      const abort = new AbortController();
      const reason = new Error('not today');
      const failed = caught(manager.reshard(8, { signal: abort.signal }));
      await until(() => sessionsOf(simulator, 8).length >= 3);
      const moved: string[] = [];
      for (const shard of before.shards) shard.on('transition', ({ to }) => moved.push(to));
      abort.abort(reason);
      expect(await failed).toBe(reason);
      expect(standing(manager)).toEqual(before);
      expect(moved).toEqual([]);
      expect(simulator.connections.slice(4).filter(({ open }) => open)).toEqual([]);
      const { sent } = load;
      await until(() => load.sent > sent + 50);
      await load.isWhole();
      expect(simulator.connections.slice(0, 4).every(({ open }) => open)).toBe(true);
      const stored = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((id) => store.get(id)));
      expect(stored.map((session) => session?.id)).toEqual([...before.sessions, ...Array(4).fill(undefined)]);

      // The next operation works.
      await manager.restart();
      expect(sessionsOf(simulator, 8)).toEqual([]);
    }),
  );

  test(
    'aborted while GET /gateway/bot hangs, or before it began',
    managed({ simulator: four }, async ({ simulator, manager }) => {
      await manager.connect();
      const before = standing(manager);
      simulator.next({ at: 'api', hang: true });
      const abort = new AbortController();
      const failed = caught(manager.reshard(8, { signal: abort.signal }));
      await until(() => manager.state === 'Resharding');
      abort.abort(new Error('later'));
      expect(await failed).toMatchObject({ message: 'later' });
      expect(standing(manager)).toEqual(before);
      expect(await caught(manager.reshard(8, { signal: AbortSignal.abort('never') }))).toBe('never');
      expect(simulator.connections).toHaveLength(4);
    }),
  );

  for (const [closeWith, rule] of [
    [4010, 'a total it is not allowed'],
    [4014, 'intents it was not granted'],
  ] as const) {
    test(
      `refused for ${rule} (${closeWith})`,
      managed(
        { simulator: { ...four, script: [{ at: 'identify', shardId: 5, closeWith }] } },
        async ({ simulator, manager }) => {
          await manager.connect();
          const load = guildLoad(simulator, manager);
          const before = standing(manager);
          const error = await caught(manager.reshard(8));
          expect(error).toBeInstanceOf(FatalShardError);
          expect(error).toMatchObject({ shardId: 5, closeCode: closeWith });
          expect(standing(manager)).toEqual(before);
          expect(simulator.connections.slice(4).filter(({ open }) => open)).toEqual([]);
          await load.isWhole();
        },
      ),
    );
  }

  test(
    'rejected with OVER_BUDGET where 8 shards need more than the 6 identifies left',
    managed({ simulator: { shards: 4, sessionStartLimit: { total: 10 } } }, async ({ simulator, manager }) => {
      await manager.connect();
      const before = standing(manager);
      const error = await caught(manager.reshard(8));
      expect(error).toMatchObject({ code: 'OVER_BUDGET', value: 6 });
      const resetAt = new Date(manager.controller?.resetTimestamp ?? 0).toISOString();
      expect((error as Error).message).toContain(resetAt);
      expect(standing(manager)).toEqual(before);
      expect(simulator.connections).toHaveLength(4);
    }),
  );
});

describe.concurrent('without a dispatch lost or doubled,', () => {
  test(
    'a rolling restart has one shard away at a time, and spends no identify',
    managed({ simulator: { shards: 8, maxConcurrency: 8 } }, async ({ simulator, manager }) => {
      await manager.connect();
      const load = guildLoad(simulator, manager);
      let most = 0;
      const order: number[] = [];
      manager.on('transition', ({ from }, shardId) => {
        const away = [...manager.shards.values()].filter(({ state }) => state !== 'Connected').length;
        most = Math.max(most, away);
        if (from === 'Connected') order.push(shardId);
      });
      await manager.restart({ rolling: true });
      const { sent } = load;
      await until(() => load.sent > sent + 50);
      await load.isWhole();
      expect(most).toBe(1);
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(manager.status().counts.Connected).toBe(8);
      expect(simulator.identifies).toHaveLength(8);
      expect(story(simulator).slice(8)).toEqual(Array(8).fill('resume /resume'));
    }),
  );

  test(
    'scale() adds four shards, and closes them for another manager that resumes them',
    managed({ simulator: { shards: 8, maxConcurrency: 8 }, manager: { total: 8, ids: [0, 1, 2, 3] } }, async (rig) => {
      const { simulator, manager } = rig;
      await manager.connect();
      const load = guildLoad(simulator, manager);
      const first = [...manager.shards.values()];
      const moved: string[] = [];
      for (const shard of first) shard.on('transition', ({ to }) => moved.push(to));
      await manager.scale({ start: 0, end: 7 });
      expect([manager.ids, manager.status().counts.Connected]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 8]);
      const { sent } = load;
      await until(() => load.sent > sent + 80);
      load.stop();
      // Guilds of shards 4 to 7 had no session before: only later events count.
      const all = () => load.heard.event.map(({ n }) => n).filter((n) => n >= sent);
      await until(() => all().length >= load.sent - sent);
      expect(all().toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: load.sent - sent }, (_, n) => sent + n),
      );

      const sessions = manager.getCurrentSessions();
      await manager.scale({ start: 0, end: 3 }, { resumable: true });
      expect([...manager.shards.keys()]).toEqual([0, 1, 2, 3]);
      expect([...manager.shards.values()]).toEqual(first);
      expect(moved).toEqual([]);
      await until(() => openOf(simulator, 8) === 4);

      const shardOptions = Object.fromEntries([4, 5, 6, 7].map((id) => [id, { session: sessions[id] ?? null }]));
      await using other = managerOn(simulator, { total: 8, ids: { start: 4, end: 7 }, shardOptions });
      await other.connect();
      expect(other.status().shards.map(({ resumes }) => resumes)).toEqual([1, 1, 1, 1]);
      expect(simulator.identifies).toHaveLength(8);
    }),
  );

  for (const where of ['without a store', 'with a store']) {
    const two = () => ({
      simulator: { shards: 2, maxConcurrency: 2 },
      manager: where === 'with a store' ? { sessionStore: createMemorySessionStore() } : {},
    });

    test(
      `a shard that is scaled in and out again resumes its session, ${where}`,
      managed(two(), async ({ simulator, manager }) => {
        const heard: unknown[] = [];
        manager.on('TYPING_START', (data) => void heard.push((data as { n?: unknown }).n));
        const send = (n: number) => simulator.dispatch('TYPING_START', { n }, 1);
        await manager.connect();
        [0, 1, 2].forEach(send);
        await until(() => heard.length === 3);
        await manager.close({ code: 4900 });
        await manager.connect();
        [3, 4, 5].forEach(send);
        await until(() => heard.length === 6);
        await manager.scale([0], { resumable: true });
        [6, 7].forEach(send);
        await manager.scale([0, 1]);
        [8].forEach(send);
        await until(() => heard.includes(8));
        expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        expect(simulator.identifies).toHaveLength(2);
      }),
    );

    test(
      `a session that has ended is never resumed by the next shard of its id, ${where}`,
      managed(two(), async ({ simulator, manager }) => {
        await manager.connect();
        await manager.close({ code: 4900 });
        await manager.connect();
        await manager.scale([0]);
        await manager.scale([0, 1]);
        simulator.closeWith(4014, undefined, 0);
        await until(() => manager.shards.get(0)?.state === 'Offline');
        await manager.connect();
        await manager.close();
        await manager.connect();
        expect(manager.status().counts.Connected).toBe(2);
        expect(story(simulator).filter((line) => line.startsWith('resume'))).toHaveLength(2);
        expect(simulator.frames.filter(({ op }) => op === 9)).toEqual([]);
      }),
    );
  }
});
