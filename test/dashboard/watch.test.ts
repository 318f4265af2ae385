import { expect, test, vi } from 'vitest';
import { lifecycles } from '../../machines/lifecycle.js';
import { serveSource } from '../../src/dashboard/dashboard.js';
import { serveDashboard } from '../../src/dashboard/index.js';
import { LiveSource } from '../../src/dashboard/live/liveSource.js';
import { resolveServerOptions } from '../../src/dashboard/options.js';
import type { Send, Source } from '../../src/dashboard/source.js';
import { eventFrame } from '../../src/dashboard/server/eventStreams.js';
import type { Shard } from '../../src/index.js';
import { reached, shardOn, simulate, until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { countObservers } from '../inspector/rig.js';
import { countListeners, Viewer, watching } from './rig.js';

const CONNECTED = lifecycles.indexOf('Connected');

test('without viewers a shard has one listener and no observer; stop removes the listener', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const [listeners, observers] = [countListeners(shard), countObservers(shard.actor)];
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  await shard.connect();
  expect([listeners(), observers()]).toEqual([1, 0]);
  const [one, other] = [await watching(dashboard.url, '0'), await watching(dashboard.url, '0')];
  expect([listeners(), observers(), dashboard.viewers]).toEqual([3, 1, 2]);
  one[Symbol.dispose]();
  await until(() => dashboard.viewers === 1);
  expect([listeners(), observers()]).toEqual([3, 1]);
  other[Symbol.dispose]();
  await until(() => dashboard.viewers === 0);
  expect([listeners(), observers()]).toEqual([1, 0]);
  using last = await watching(dashboard.url, '0');
  await dashboard.stop();
  await until(() => last.isClosed);
  expect([listeners(), observers(), dashboard.viewers, dashboard.url]).toEqual([0, 0, 0, null]);
});

test('a thousand viewers that come and go leave no listener behind, and heartbeats go on', async () => {
  await using simulator = await simulate({ heartbeatInterval: 1_000, heartbeatSlack: 1_000 });
  await using shard = shardOn(simulator);
  const [listeners, observers] = [countListeners(shard), countObservers(shard.actor)];
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  await shard.connect();
  const statuses = new Set<number>();
  for (let round = 0; round < 50; round += 1) {
    const opening = Array.from({ length: 20 }, () => Viewer.open(dashboard.url, '0').catch(() => null));
    for (const viewer of await Promise.all(opening)) {
      statuses.add(viewer?.response.statusCode ?? 0);
      viewer?.[Symbol.dispose]();
    }
  }
  // Most are refused: twenty new streams a second are allowed.
  expect([...statuses].toSorted((a, b) => a - b)).toEqual([200, 503]);
  await until(() => dashboard.viewers === 0);
  expect([listeners(), observers()]).toEqual([1, 0]);
  expect(shard.stats.connections).toBe(1);
  expect(simulator.violations).toEqual([]);
});

test(
  'viewers that join within a tick share one fleet message, then receive the changes since',
  managed({ simulator: { shards: 3, maxConcurrency: 3 } }, async ({ manager }) => {
    await manager.connect();
    const status = vi.spyOn(manager, 'status');
    const source = new LiveSource(manager, { hasControls: false, simulator: undefined, warn: () => {} });
    const frames: string[][] = [[], []];
    const leave = [source.follow(null, (frame) => frames[0]?.push(frame))];
    manager.shards.get(1)?.forceClose();
    leave.push(source.follow(null, (frame) => frames[1]?.push(frame)));
    expect(frames).toEqual([[expect.stringContaining('event: fleet')], [expect.stringContaining('event: fleet')]]);
    expect(frames[1]?.[0]).toBe(frames[0]?.[0]);
    await until(() => frames.every((sent) => sent.some((frame) => frame.startsWith('event: totals'))));
    for (const [, changes] of frames) expect(changes).toContain('"states":{"1":0}');
    // A list of all shards for each viewer would take longer than everything else.
    expect(status).not.toHaveBeenCalled();
    for (const stop of leave) stop();
    source.stop();
  }),
);

test(
  'a manager that throws ends the viewer’s stream, and a later viewer is served',
  managed({}, async ({ manager }) => {
    await manager.connect();
    let isBroken = false;
    const watched = {
      get shards() {
        return manager.shards;
      },
      otherShards: [],
      total: 1,
      status: () => {
        if (isBroken) throw new Error('out of order');
        return manager.status();
      },
      on: manager.on.bind(manager),
      off: manager.off.bind(manager),
    };
    const warn = vi.fn();
    await using dashboard = serveDashboard(watched as never, { logger: { debug() {}, info() {}, warn, error: warn } });
    await dashboard.ready;
    isBroken = true;
    using viewer = await Viewer.open(dashboard.url, '0');
    await until(() => viewer.isClosed);
    expect([dashboard.viewers, warn.mock.calls]).toEqual([0, [[expect.stringContaining('out of order')]]]);
    isBroken = false;
    using another = await watching(dashboard.url, '0');
    expect(another.states).toEqual({ '0': CONNECTED });
  }),
);

test('a viewer that never reads is disconnected; other viewers and heartbeats go on', async () => {
  await using simulator = await simulate({ heartbeatInterval: 1_000, heartbeatSlack: 1_000 });
  await using shard = shardOn(simulator);
  await shard.connect();
  const viewers = new Set<Send>();
  const source: Source = {
    setup: { source: 'live', states: [...lifecycles, 'fatal'], controls: null },
    follow: (_key, send) => {
      viewers.add(send);
      return () => void viewers.delete(send);
    },
    controls: null,
    stop: () => {},
  };
  const warn = vi.fn();
  const logger = { debug() {}, info() {}, warn, error: warn };
  await using dashboard = serveSource(source, resolveServerOptions({ logger }));
  await dashboard.ready;
  using stalled = await Viewer.open(dashboard.url);
  using good = await Viewer.open(dashboard.url);
  stalled.response.pause();
  const frame = eventFrame('changes', { at: 0, states: {}, incidents: ['x'.repeat(200_000)] });
  let sent = 0;
  while (viewers.size === 2) {
    for (const send of viewers) send(frame);
    sent += 1;
    // At most 1 MiB waits, besides the system's buffers.
    expect(sent).toBeLessThan(200);
    await until(() => good.all('changes').length === sent);
  }
  for (const send of viewers) send(frame);
  await until(() => good.all('changes').length === sent + 1);
  expect([dashboard.viewers, good.isClosed, warn.mock.calls.length]).toEqual([1, false, 1]);
  const { beats } = shard.heart;
  await until(() => shard.heart.beats > beats + 2);
  expect([simulator.violations, shard.stats.connections]).toEqual([[], 1]);
});

test(
  'during a reshard the shards of the other set have keys with a plus, until they are in service',
  managed({ simulator: { shards: 1, maxConcurrency: 4 } }, async ({ simulator, manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    using viewer = await watching(dashboard.url, '0');
    const [old] = manager.shards.values();
    const listeners = countListeners(old as Shard);
    simulator.next({ at: 'ready', delay: 1_500 });
    const resharded = manager.reshard(2);
    await until(() => viewer.all('fleet').some(({ shards }) => shards.some(({ key }) => key === '+1')));
    await until(() => viewer.all('totals').some(({ manager: view }) => view?.state === 'Resharding'));
    await resharded;
    await until(() => {
      const fleet = viewer.last('fleet');
      return (
        fleet?.total === 2 &&
        fleet.shards
          .map(({ key }) => key)
          .toSorted()
          .join() === '0,1'
      );
    });
    await until(() => Object.values(viewer.states).every((state) => state === CONNECTED));
    // A viewer of shard 0 receives the new shard from its beginning.
    await until(() => viewer.all('shard').filter(({ isWhole }) => isWhole).length >= 2);
    expect(
      viewer
        .all('shard')
        .findLast(({ isWhole }) => isWhole)
        ?.steps.at(-1)?.session?.id,
    ).toBe(`${manager.shards.get(0)?.session?.id.slice(0, 6)}…`);
    // The old shard has no listeners left.
    expect(listeners()).toBeLessThan(0);
  }),
);

test(
  'scaling up and down adds and removes shards for viewers',
  managed({ simulator: { shards: 3, maxConcurrency: 3 }, manager: { total: 3, ids: [0, 1] } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    using viewer = await Viewer.open(dashboard.url, '2');
    await manager.scale([0, 2]);
    await until(() => JSON.stringify(viewer.states) === JSON.stringify({ '0': CONNECTED, '2': CONNECTED }));
    await until(() => viewer.last('shard')?.state === CONNECTED);
  }),
);

test('a shard that was shut down is shown as Offline without an active state', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  await shard.connect();
  using viewer = await watching(dashboard.url, '0');
  await shard.shutdown();
  await reached(shard, 'Offline');
  await until(() => viewer.last('shard')?.active.shard === null);
  expect(viewer.last('shard')).toMatchObject({ state: 0, active: { shard: null, heartbeat: null, bucket: null } });
  expect(viewer.states).toEqual({ '0': 0 });
});
