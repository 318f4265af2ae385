import { expect, test, vi } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { reached, shardOn, simulate, until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { ask, post } from './rig.js';

const setupOf = async (url: string | null) => JSON.parse((await ask(url, '/setup')).body) as unknown;

test('without controls the setup offers none, and commands get 403', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard, { simulator });
  await dashboard.ready;
  expect(await setupOf(dashboard.url)).toMatchObject({ source: 'live', controls: null });
  for (const path of ['/shards/0/commands/connect', '/shards/0/faults/drop']) {
    const { status, body } = await post(dashboard.url, path);
    expect([status, JSON.parse(body)]).toEqual([403, { error: expect.stringContaining('controls: true') as string }]);
  }
  expect(shard.state).toBe('Offline');
});

test(
  'commands of a viewer connect, reconnect, reinstantiate and close a shard',
  managed({ simulator: { shards: 2, maxConcurrency: 2 } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true });
    await dashboard.ready;
    expect(await setupOf(dashboard.url)).toMatchObject({
      controls: { commands: ['connect', 'reconnect', 'reinstantiate', 'close'], faults: [] },
    });
    const shard = manager.shards.get(1);
    if (shard === undefined) throw new Error('no shard 1');
    const run = (command: string) => post(dashboard.url, `/shards/1/commands/${command}`);
    expect(await run('reconnect')).toMatchObject({ status: 202, body: '{}' });
    await until(() => shard.stats.resumes === 1 && shard.state === 'Connected');
    expect((await run('reinstantiate')).status).toBe(202);
    await until(() => shard.stats.identifies === 2 && shard.state === 'Connected');
    expect((await run('close')).status).toBe(202);
    await reached(shard, 'Offline');
    expect((await run('connect')).status).toBe(202);
    await reached(shard, 'Connected');
    expect(manager.shards.get(0)?.stats.connections).toBe(1);
  }),
);

test(
  'an unknown shard, command or fault gets 404 with the names that exist',
  managed({}, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    for (const [path, status, words] of [
      ['/shards/7/commands/connect', 404, 'There is no shard 7'],
      ['/shards/+0/commands/connect', 404, 'There is no shard +0'],
      ['/shards/0/commands/shutdown', 404, 'connect, reconnect, reinstantiate, close'],
      ['/shards/0/commands/constructor', 404, 'reinstantiate'],
      ['/shards/0/faults/constructor', 404, 'drop, zombie'],
    ] as const) {
      const { status: answered, body } = await post(dashboard.url, path);
      expect(answered, path).toBe(status);
      expect((JSON.parse(body) as { error: string }).error).toContain(words);
    }
  }),
);

test('a command that fails at once is answered with 409; a later failure goes to the logger', async () => {
  await using simulator = await simulate();
  const warn = vi.fn();
  await using shard = shardOn(simulator, { timeouts: { ready: 5_000 } });
  await using dashboard = serveDashboard(shard, {
    controls: true,
    logger: { debug() {}, info() {}, warn, error: warn },
  });
  await dashboard.ready;
  const connect = () => post(dashboard.url, '/shards/0/commands/connect');
  const release = simulator.next({ at: 'ready', skip: true });
  expect((await connect()).status).toBe(202);
  await reached(shard, 'Identifying');
  simulator.closeWith(4014);
  await until(() => warn.mock.calls.length === 1);
  expect(warn.mock.calls[0]?.[0]).toMatch(/^dashboard: connect of shard 0 failed: .*4014/);
  release();
  const { status, body } = await connect();
  expect([status, body]).toEqual([409, expect.stringContaining('4014')]);
});

test('with a simulator its faults are offered, and a fault meets only the shard in its path', async () => {
  await using simulator = await simulate({ shards: 2 });
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard, { controls: true, simulator });
  await dashboard.ready;
  const commit = (fault: string) => post(dashboard.url, `/shards/0/faults/${encodeURIComponent(fault)}`);
  expect(await setupOf(dashboard.url)).toMatchObject({
    controls: { faults: ['drop', 'zombie', 'op1', 'op7', 'op9', 'op9!', 'corrupt', 'lose'] },
  });
  const early = await commit('drop');
  expect([early.status, early.body]).toEqual([409, expect.stringContaining('no connection')]);
  await shard.connect();
  for (const [fault, reason] of [
    ['drop', '1006'],
    ['op7', 'op 7'],
    ['op9!', 'op 9 false'],
    ['corrupt', 'corrupted'],
  ] as const) {
    const { connections } = shard.stats;
    expect((await commit(fault)).status, fault).toBe(202);
    await until(() => shard.stats.connections > connections && shard.state === 'Connected', 15_000);
    expect(shard.history.findLast(({ decision }) => decision !== null)?.decision?.reason).toContain(reason);
  }
}, 40_000);
