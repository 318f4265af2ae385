import { expect, test } from 'vitest';
import { names, runningManager, startManager, timeouts, type ManagerRig } from './managerRig.js';

/** A manager in each state with two shards, and the shards that it must close. */
const states: Readonly<Record<string, { readonly reach: () => ManagerRig; readonly shards: readonly string[] }>> = {
  'Online.Starting': { reach: () => startManager().connect().prepared(2), shards: names(1, 2) },
  'Online.Running': { reach: () => runningManager(2), shards: names(1, 2) },
  'Online.Scaling': { reach: () => runningManager(2).down('1/1').connect(), shards: names(1, 2) },
  'Online.Restarting': { reach: () => runningManager(2).restart(), shards: names(1, 2) },
  'Online.Resharding.preparing': { reach: () => runningManager(2).reshard(1), shards: names(1, 2) },
  'Online.Resharding.raising': { reach: () => runningManager(2).reshard(1).prepared(1), shards: ['1/0', '1/1', '2/0'] },
  'Online.Resharding.awaitingAway': {
    reach: () => runningManager(2).left('1/0').reshard(1).prepared(1).up('2/0'),
    shards: ['1/0', '1/1', '2/0'],
  },
  'Online.Resharding.draining': {
    reach: () => runningManager(2).reshard(1).prepared(1).up('2/0'),
    shards: ['2/0', '1/0', '1/1'],
  },
};

const commands = { close: 'Offline.idle', abort: 'Offline.idle', shutdown: 'Offline.stopped' } as const;
const cases = Object.keys(states).flatMap((path) =>
  Object.entries(commands).map(([command, end]) => [command as keyof typeof commands, path, end] as const),
);

test.each(cases)('%s in %s orders every shard to go, and ends in %s when all are gone', (command, path, end) => {
  const { reach, shards } = states[path] as (typeof states)[string];
  const manager = reach();
  expect(manager.path).toBe(path);
  manager.take();
  manager[command]();
  const word = command === 'abort' ? 'shard.abort' : 'shard.close';
  expect(manager.take()).toEqual(shards.map((name) => `${word} ${name} 1000 asked`));
  manager.left('1/0').down('1/0').up('1/1');
  expect(manager.path).toMatch(/^Closing/);
  manager.gone(...(shards as `${number}/${number}`[]));
  expect([manager.path, manager.take()]).toEqual([end, ['manager.offline']]);
  expect(manager.context).toMatchObject({
    current: null,
    next: null,
    previous: null,
    lost: [],
    leaving: [],
    failed: [],
  });
});

test.each(Object.entries(commands))('%s in Preparing leads at once to %s', (command, end) => {
  const manager = startManager().connect();
  manager.take();
  manager[command as keyof typeof commands]();
  expect([manager.path, manager.take()]).toEqual([end, ['manager.offline']]);
  manager.prepared(2);
  expect(manager.take()).toEqual([]);
});

test('a shard that is not gone within closeMs is aborted, and the manager is Offline', () => {
  const manager = runningManager(2).close().gone('1/0');
  manager.take();
  manager.tick(timeouts.closeMs);
  expect([manager.path, manager.take()]).toEqual([
    'Offline.idle',
    ['shard.abort 1/1 4900 took too long to go down', 'manager.offline'],
  ]);
});

test('connect, close and shutdown do not restart the limit for going down', () => {
  const manager = runningManager(1)
    .close()
    .tick(timeouts.closeMs - 1)
    .connect()
    .close()
    .shutdown();
  expect(manager.path).toBe('Closing.stopping');
  manager.tick(1);
  expect(manager.path).toBe('Offline.stopped');
});

test('connect in Closing leads to Preparing when all are gone', () => {
  const manager = runningManager(2).close().connect().gone('1/0');
  manager.take();
  expect(manager.path).toBe('Closing.comingBack');
  manager.gone('1/1');
  expect([manager.path, manager.take()]).toEqual(['Preparing', ['manager.offline', 'prepare connect']]);
  manager.prepared(2);
  expect(manager.take()).toEqual(['set.create 2: 0 1 of 2', 'shard.connect 2/0']);
});

test.each(['close', 'abort', 'shutdown'] as const)('%s after connect in Closing: the manager stays down', (command) => {
  const manager = runningManager(2).close().connect();
  manager[command]().gone(...names(1, 2));
  expect(manager.path).toBe(commands[command]);
});

test('abort in Closing aborts the shards that are still leaving', () => {
  const manager = runningManager(3).close().gone('1/1');
  manager.take();
  manager.abort();
  expect(manager.take()).toEqual(['shard.abort 1/0 1000 asked', 'shard.abort 1/2 1000 asked']);
  manager.gone('1/0', '1/2');
  expect(manager.path).toBe('Offline.idle');
});

test('abort in Scaling aborts the leaving shards first, then the others', () => {
  const manager = runningManager(3).scale(0, 2);
  manager.take();
  manager.abort();
  expect(manager.take()).toEqual(['1/1', '1/0', '1/2'].map((name) => `shard.abort ${name} 1000 asked`));
});

test('after shutdown no command or report leads up again', () => {
  for (const reach of [() => startManager(), () => runningManager(1).shutdown().gone('1/0')]) {
    const manager = reach().shutdown();
    expect(manager.path).toBe('Offline.stopped');
    manager.take();
    manager.connect().scale(0).restart().reshard(2).prepared(2).up('1/0', '2/0').close().abort();
    expect([manager.path, manager.take()]).toEqual(['Offline.stopped', []]);
  }
});

const failing = () => startManager().connect().prepared(1).down('1/0');

test('in Closing.failing shutdown leads to Offline.stopped, close to Offline.idle, abort to Offline.failed', () => {
  expect(failing().shutdown().gone('1/0').path).toBe('Offline.stopped');
  expect(failing().close().gone('1/0').path).toBe('Offline.idle');
  expect(failing().abort().gone('1/0').path).toBe('Offline.failed');
});

test('a failure of the fleet actor leads to Offline.stopped with manager.offline', () => {
  const manager = runningManager(2).reshard(1).prepared(1);
  manager.take();
  manager.fail('fleet');
  expect([manager.path, manager.take()]).toEqual(['Offline.stopped', ['manager.offline']]);
  expect(manager.context).toMatchObject({ current: null, next: null, starting: [] });
});
