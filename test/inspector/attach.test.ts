import { expect, test } from 'vitest';
import { createShardManager } from '../../src/index.js';
import { attachInspector } from '../../src/inspector/index.js';
import { shardMachine } from '../../machines/index.js';
import { shardOn, silentLogger, simulate, TOKEN } from '../shard/rig.js';
import { countingShard, countObservers, Group, namesNow, viewerOf } from './rig.js';

test('attachInspector on a running shard sends a viewer its charts, parents first, with their states', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await shard.connect();
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length >= 4);
  const [root, ...others] = viewer.messages;
  expect(viewer.names().toSorted()).toEqual(['bucket', 'heartbeat', 'shard 0', 'socket']);
  expect(root).toMatchObject({ type: '@xstate.actor', name: 'shard 0', sessionId: shard.actor.sessionId });
  expect(root?.snapshot?.value).toMatchObject({ Online: { link: { session: { Connected: expect.anything() } } } });
  for (const { rootId, parentId } of others.filter(({ type }) => type === '@xstate.actor')) {
    expect([rootId, parentId]).toEqual([root?.sessionId, root?.sessionId]);
  }
  expect(inspector.attached).toEqual([0]);
});

test('a viewer gets the whole chart: every state and every event', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length > 0);
  const definition = JSON.parse(viewer.messages[0]?.definition ?? 'null') as unknown;
  expect(shapeOf(definition)).toEqual(shapeOf(JSON.parse(JSON.stringify(shardMachine.config))));
  expect(viewer.texts[0]).not.toMatch(/\[(Object|Array|cut|redacted|circular)\]/);
});

/** Names of a chart's states and events, as a tree. */
function shapeOf(node: unknown): unknown {
  const { states = {}, on = {}, after = {} } = node as Record<string, Record<string, unknown> | undefined>;
  return {
    on: Object.keys(on).toSorted(),
    after: Object.keys(after).toSorted(),
    states: Object.fromEntries(
      Object.entries(states)
        .toSorted()
        .map(([name, state]) => [name, shapeOf(state)]),
    ),
  };
}

test('a reconnect sends the end of each stopped actor, and the chart of each started one', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length > 0);
  await shard.connect();
  const resumed = new Promise((resolve) => shard.once('resumed', resolve));
  simulator.reset();
  await resumed;
  await expect.poll(() => viewer.names().filter((name) => name === 'heartbeat')).toHaveLength(2);
  const beginnings = new Set<string>();
  for (const { type, sessionId } of viewer.messages) {
    if (type === '@xstate.actor') beginnings.add(sessionId);
    expect(beginnings).toContain(sessionId);
  }
  const sockets = viewer.messages.filter(({ name }) => name === 'socket').map(({ sessionId }) => sessionId);
  const ofFirst = viewer.messages.filter(({ sessionId }) => sessionId === sockets[0]);
  expect(ofFirst.at(-1)?.snapshot?.status).toBe('stopped');

  using late = await viewerOf(inspector, ({ texts }) => texts.length > 0);
  await expect.poll(() => late.names().filter((name) => name === 'socket')).toHaveLength(1);
  expect(late.messages.some(({ sessionId }) => sessionId === sockets[0])).toBe(false);
});

test('a viewer after 500 events gets the chart, the last snapshot and the last 200 messages', async () => {
  const shard = countingShard();
  await using inspector = attachInspector(shard, { maxEventsPerSecond: 10_000 });
  await inspector.ready;
  for (let n = 0; n < 500; n++) shard.actor.send({ type: 'count' });
  using viewer = await viewerOf(inspector, (it) => it.last('shard 0')?.snapshot?.context?.['count'] === 500);
  using late = await viewerOf(inspector, ({ texts }) => texts.length === 202);
  expect(late.messages.slice(0, 2)).toMatchObject([
    { type: '@xstate.actor', name: 'shard 0', snapshot: { context: { count: 0 } } },
    { type: '@xstate.snapshot', snapshot: { context: { count: 500 } } },
  ]);
  expect(late.last('shard 0')?.snapshot?.context).toEqual({ count: 500 });
  expect(viewer.texts.length).toBeGreaterThan(0);
  expect(inspector.dropped).toBe(0);
});

test('detach removes the observer and sends nothing more of the shard; attach shows it again', async () => {
  const group = new Group();
  const [zero, one] = [group.make(0), group.make(1)];
  const observers = [countObservers(zero.actor), countObservers(one.actor)];
  await using inspector = attachInspector(group);
  expect(observers.map((count) => count())).toEqual([1, 1]);
  using viewer = await viewerOf(inspector, (it) => it.names().length === 2);
  // An event that waits to be converted is not shown either.
  zero.actor.send({ type: 'count' });
  inspector.detach(0);
  expect(observers.map((count) => count())).toEqual([0, 1]);
  expect(inspector.attached).toEqual([1]);
  zero.actor.send({ type: 'count' });
  one.actor.send({ type: 'count' });
  await expect.poll(() => viewer.last('shard 1')?.snapshot?.context).toEqual({ count: 1 });
  expect(viewer.last('shard 0')?.snapshot?.context).toEqual({ count: 0 });
  expect(await namesNow(inspector)).toEqual(['shard 1']);
  // A shard of that id which is made later is not shown either.
  group.make(0);
  expect(inspector.attached).toEqual([1]);
  inspector.attach(0);
  expect(inspector.attached).toEqual([0, 1]);
});

test('stop twice before ready leaves no observer and no listener, and rejects ready with CLOSED', async () => {
  const group = new Group();
  const { actor } = group.make(0);
  const observers = countObservers(actor);
  const inspector = attachInspector(group);
  await Promise.all([inspector.stop(), inspector.stop()]);
  await expect(inspector.ready).rejects.toMatchObject({ name: 'InspectorError', code: 'CLOSED' });
  expect([observers(), group.listeners.size, inspector.attached, inspector.url]).toEqual([0, 0, [], null]);
  expect(() => inspector.attach(0)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
});

test('a manager of 12 shards shows the first eight, or those that `shards` names', async () => {
  const group = new Group();
  for (let id = 0; id < 5; id++) group.make(id);
  await using first = attachInspector(group);
  await using chosen = attachInspector(group, { shards: [3, 11] });
  for (let id = 5; id < 12; id++) group.make(id);
  expect(first.attached).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(chosen.attached).toEqual([3, 11]);
  chosen.attach(4);
  expect(chosen.attached).toEqual([3, 4, 11]);
  expect(() => chosen.attach(99)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SHARD', value: 99 }));
});

test('a shard that stops is detached, and the next one with its id is shown', async () => {
  const group = new Group();
  const before = group.make(0);
  await using inspector = attachInspector(group);
  using viewer = await viewerOf(inspector, (it) => it.names().length === 1);
  before.actor.stop();
  expect(inspector.attached).toEqual([]);
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.status).toBe('stopped');
  group.make(0);
  expect(inspector.attached).toEqual([0]);
  await expect.poll(() => viewer.names()).toHaveLength(2);
  expect(await namesNow(inspector)).toHaveLength(1);
});

test('a shard whose chart reaches its final state is detached', async () => {
  const shard = countingShard();
  const observers = countObservers(shard.actor);
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, (it) => it.names().length === 1);
  shard.actor.send({ type: 'end' });
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.status).toBe('done');
  expect([observers(), inspector.attached]).toEqual([0, []]);
});

test("a manager's shards are shown without their token, and detached by shutdown", async () => {
  await using simulator = await simulate({ shards: 2 });
  await using manager = createShardManager({
    token: TOKEN,
    intents: 1,
    total: 2,
    api: simulator.apiUrl,
    identifyWindow: 100,
    logger: silentLogger,
  });
  await using inspector = attachInspector(manager, { secrets: [TOKEN] });
  await manager.connect();
  expect(inspector.attached).toEqual([0, 1]);
  using viewer = await viewerOf(inspector, (it) => it.last('shard 1')?.snapshot?.value !== undefined);
  await expect.poll(() => viewer.names()).toEqual(expect.arrayContaining(['shard 0', 'shard 1', 'heartbeat']));
  expect(viewer.texts.join('\n')).not.toContain(TOKEN);
  await manager.shutdown();
  expect(inspector.attached).toEqual([]);
});
