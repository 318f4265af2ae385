import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { lifecycles } from '../../machines/lifecycle.js';
import { reached, shardOn, simulate, until } from '../shard/rig.js';
import { managed, managerOn } from '../manager/rig.js';
import { watching } from './rig.js';

const CONNECTED = lifecycles.indexOf('Connected');

/** All `data-edge` and `data-state` values of a picture. */
function pictureOf(name: string) {
  const svg = readFileSync(new URL(`../../visualizations/${name}.svg`, import.meta.url), 'utf8');
  const values = (attribute: string) =>
    new Set([...svg.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) => value));
  return { edges: values('data-edge'), states: values('data-state') };
}
const pictures = { shard: pictureOf('shard'), heartbeat: pictureOf('heartbeat'), bucket: pictureOf('bucket') };

test(
  'a stream begins with the whole fleet, then has each state that a shard enters',
  managed({ simulator: { shards: 3, maxConcurrency: 3 }, manager: { reserve: 7 } }, async ({ simulator, manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    using viewer = await watching(dashboard.url);
    expect(viewer.received[0]).toMatchObject({
      name: 'fleet',
      message: {
        manager: { state: 'Running', progress: { waiting: 0, opening: 0, rising: 0, closing: 0 } },
        total: 3,
        shards: [0, 1, 2].map((id) => ({ key: `${id}`, id, state: CONNECTED })),
        incidents: [],
        totals: { rates: null, identifies: { waiting: 0, nextAt: null, remaining: 997, reserve: 7 } },
      },
    });
    const since = manager.shards.get(1)?.history.at(-1)?.at;
    expect(viewer.last('fleet')?.shards[1]?.since).toBe(since);
    simulator.next({ at: 'upgrade', refuse: 503, times: 3 });
    simulator.reset(1);
    await until(() => viewer.states['1'] !== CONNECTED);
    await until(() => viewer.states['1'] === CONNECTED && manager.shards.get(1)?.state === 'Connected');
    expect(viewer.all('changes').flatMap(({ states }) => Object.keys(states))).not.toContain('0');
    await until(() => viewer.incidents.every(({ endedAt }) => endedAt !== null));
    expect(viewer.incidents[0]).toMatchObject({ action: 'resume', code: 1006, shards: 1, ids: [1], down: 0 });
  }),
);

test(
  'totals are sent once a second, with dispatches and bytes a second',
  managed({ simulator: { heartbeatInterval: 300 } }, async ({ simulator, manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    const timer = setInterval(() => simulator.dispatch('MESSAGE_CREATE', { content: 'x'.repeat(80) }), 10);
    using viewer = await watching(dashboard.url);
    await until(() => viewer.all('totals').length >= 3);
    clearInterval(timer);
    const { rates } = viewer.last('totals') ?? {};
    // At most a hundred a second, of more than a hundred bytes each; fewer on a slow machine.
    expect(rates?.dispatches).toBeGreaterThan(5);
    expect(rates?.dispatches).toBeLessThan(150);
    expect(rates?.bytes).toBeGreaterThan(rates?.dispatches as number);
    await until(() => Number(viewer.last('totals')?.latency) > 0);
    const [first, second] = viewer.all('totals');
    expect((second?.at as number) - (first?.at as number)).toBeGreaterThan(800);
  }),
);

test('a page opened before there are shards receives them once they are created', async () => {
  await using simulator = await simulate({ shards: 2, maxConcurrency: 2 });
  await using manager = managerOn(simulator);
  await using dashboard = serveDashboard(manager);
  await dashboard.ready;
  using viewer = await watching(dashboard.url);
  expect(viewer.last('fleet')).toMatchObject({ manager: { state: 'Offline' }, total: 0, shards: [] });
  await manager.connect();
  await until(() => JSON.stringify(viewer.states) === JSON.stringify({ '0': CONNECTED, '1': CONNECTED }));
  expect(viewer.last('fleet')?.total).toBe(2);
});

test('a selected shard sends every step: states, edges of the pictures, decisions, latencies', async () => {
  await using simulator = await simulate({ heartbeatInterval: 150, heartbeatSlack: 5_000 });
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  expect(viewer.last('fleet')).toMatchObject({ manager: null, total: 1, totals: { identifies: null } });
  expect(viewer.last('shard')).toMatchObject({
    isWhole: true,
    active: { shard: 'Offline.idle', heartbeat: null, bucket: 'closed' },
    steps: [],
    session: null,
    live: { heart: { interval: null, latencies: [] }, bucket: { capacity: 0 } },
  });
  await shard.connect();
  await shard.send({ op: 3, d: { since: null, activities: [], status: 'online', afk: false } });
  await until(() => viewer.all('shard').some(({ live }) => (live?.heart.latencies.length ?? 0) > 0));
  simulator.reset();
  await until(() => shard.stats.resumes === 1);
  await reached(shard, 'Connected');
  // The second connection sends heartbeats too.
  const taken = () => viewer.all('shard').flatMap((message) => message.taken);
  await until(() => taken().filter(({ edge }) => edge.startsWith('heartbeat.jittering|')).length === 2);

  const messages = viewer.all('shard');
  expect(messages.slice(1).every(({ isWhole }) => !isWhole)).toBe(true);
  const steps = messages.flatMap((message) => message.steps);
  expect(steps.map(({ from, to, event }) => [lifecycles[from], lifecycles[to], event])).toEqual(
    shard.history.map(({ from, to, event }) => [from, to, event.type]),
  );
  expect(steps.find(({ decision }) => decision !== null)?.decision).toMatchObject({ action: 'resume', attempt: 1 });
  for (const { chart, edge } of taken()) expect(pictures[chart].edges, chart).toContain(edge);
  for (const { active } of messages) {
    for (const chart of ['shard', 'heartbeat', 'bucket'] as const) {
      if (active[chart] !== null) expect(pictures[chart].states).toContain(active[chart]);
    }
  }
  const edges = taken().map(({ edge }) => edge);
  for (const edge of [
    'shard.Offline.idle|connect|2',
    'shard.Online.link.Connecting.awaitingHello|gateway.hello|0',
    'shard.Online.link|socket.closed|2',
    'heartbeat.jittering|xstate.after.firstBeat.heartbeat.jittering|0',
    'heartbeat.beating.awaitingAck|heartbeat.acknowledged|0',
    'bucket.closed|bucket.open|0',
    'bucket.open||0',
  ]) {
    expect(edges, edge).toContain(edge);
  }
  expect(edges.filter((edge) => edge === 'bucket.closed|bucket.open|0')).toHaveLength(2);
  const { session, live } = viewer.last('shard') ?? {};
  expect(session).toEqual({ id: `${shard.session?.id.slice(0, 6)}…`, sequence: expect.any(Number) as number });
  expect(live).toMatchObject({ heart: { interval: 150 }, stats: { connections: 2, identifies: 1, resumes: 1 } });
});

test('two viewers of the same shard each receive every change once', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  using early = await watching(dashboard.url, '0');
  await shard.connect();
  // A new viewer's first message contains the pending changes.
  using late = await watching(dashboard.url, '0');
  await shard.reconnect();
  await until(
    () => early.last('shard')?.steps !== undefined && early.all('shard').some(({ steps }) => steps.length > 0),
  );
  const types = shard.history.map(({ event }) => event.type);
  const toldTo = (viewer: typeof early) => viewer.all('shard').flatMap(({ steps }) => steps.map(({ event }) => event));
  await until(() => toldTo(early).length >= types.length && toldTo(late).length >= types.length);
  expect(toldTo(early)).toEqual(types);
  expect(toldTo(late)).toEqual(types);
});

test('a page opened late receives the incidents from before the dashboard', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await shard.connect();
  simulator.reset();
  await until(() => shard.stats.resumes === 1);
  await reached(shard, 'Connected');
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  expect(viewer.last('fleet')?.incidents).toMatchObject([{ code: 1006, shards: 1, down: 0, ids: [0] }]);
  expect(viewer.last('shard')?.steps).toHaveLength(shard.history.length);
});

test('without changes only totals are sent', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  await until(() => viewer.all('totals').length >= 3);
  const names = viewer.received.map(({ name }) => name);
  expect(names.filter((name) => name !== 'totals')).toEqual(['fleet', 'shard']);
});
