import { expect, test } from 'vitest';
import { names, runningManager, startManager, timeouts, type ManagerRig } from './managerRig.js';

/** How to come to each state with two shards, and who is there to be told to go. */
const ways: Readonly<Record<string, { readonly come: () => ManagerRig; readonly there: readonly string[] }>> = {
  'Online.Starting': { come: () => startManager().connect().prepared(2), there: names(1, 2) },
  'Online.Running': { come: () => runningManager(2), there: names(1, 2) },
  'Online.Scaling': { come: () => runningManager(2).down('1/1').connect(), there: names(1, 2) },
  'Online.Restarting': { come: () => runningManager(2).restart(), there: names(1, 2) },
  'Online.Resharding.preparing': { come: () => runningManager(2).reshard(1), there: names(1, 2) },
  'Online.Resharding.raising': { come: () => runningManager(2).reshard(1).prepared(1), there: ['1/0', '1/1', '2/0'] },
  'Online.Resharding.awaitingAway': {
    come: () => runningManager(2).left('1/0').reshard(1).prepared(1).up('2/0'),
    there: ['1/0', '1/1', '2/0'],
  },
  'Online.Resharding.draining': {
    come: () => runningManager(2).reshard(1).prepared(1).up('2/0'),
    there: ['2/0', '1/0', '1/1'],
  },
};

const commands = { close: 'Offline.idle', abort: 'Offline.idle', shutdown: 'Offline.stopped' } as const;
const cases = Object.keys(ways).flatMap((path) =>
  Object.entries(commands).map(([command, end]) => [command as keyof typeof commands, path, end] as const),
);

test.each(cases)('%s in %s tells everybody to go, and ends in %s when all are gone', (command, path, end) => {
  const { come, there } = ways[path] as (typeof ways)[string];
  const manager = come();
  expect(manager.path).toBe(path);
  manager.take();
  manager[command]();
  const word = command === 'abort' ? 'shard.abort' : 'shard.close';
  expect(manager.take()).toEqual(there.map((name) => `${word} ${name} 1000 asked`));
  manager.left('1/0').down('1/0').up('1/1');
  expect(manager.path).toMatch(/^Closing/);
  manager.gone(...(there as `${number}/${number}`[]));
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

test.each(Object.entries(commands))('%s while it finds out how ends it at once, in %s', (command, end) => {
  const manager = startManager().connect();
  manager.take();
  manager[command as keyof typeof commands]();
  expect([manager.path, manager.take()]).toEqual([end, ['manager.offline']]);
  manager.prepared(2);
  expect(manager.take()).toEqual([]);
});

test('what is not gone in time is aborted, and everything is down', () => {
  const manager = runningManager(2).close().gone('1/0');
  manager.take();
  manager.tick(timeouts.closeMs);
  expect([manager.path, manager.take()]).toEqual([
    'Offline.idle',
    ['shard.abort 1/1 4900 took too long to go down', 'manager.offline'],
  ]);
});

test('a further command does not give those that are going more time', () => {
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

test('connect while it goes down brings it back when all are gone', () => {
  const manager = runningManager(2).close().connect().gone('1/0');
  manager.take();
  expect(manager.path).toBe('Closing.comingBack');
  manager.gone('1/1');
  expect([manager.path, manager.take()]).toEqual(['Preparing', ['manager.offline', 'prepare connect']]);
  manager.prepared(2);
  expect(manager.take()).toEqual(['set.create 2: 0 1 of 2', 'shard.connect 2/0']);
});

test.each(['close', 'abort', 'shutdown'] as const)('%s takes the wish to come back away again', (command) => {
  const manager = runningManager(2).close().connect();
  manager[command]().gone(...names(1, 2));
  expect(manager.path).toBe(commands[command]);
});

test('abort hurries those that are still going, and nobody who is gone', () => {
  const manager = runningManager(3).close().gone('1/1');
  manager.take();
  manager.abort();
  expect(manager.take()).toEqual(['shard.abort 1/0 1000 asked', 'shard.abort 1/2 1000 asked']);
  manager.gone('1/0', '1/2');
  expect(manager.path).toBe('Offline.idle');
});

test('abort in the middle of a scale hurries those that were going, and takes the rest down', () => {
  const manager = runningManager(3).scale(0, 2);
  manager.take();
  manager.abort();
  expect(manager.take()).toEqual(['1/1', '1/0', '1/2'].map((name) => `shard.abort ${name} 1000 asked`));
});

test('shutdown is for good: nothing leads up again', () => {
  for (const come of [() => startManager(), () => runningManager(1).shutdown().gone('1/0')]) {
    const manager = come().shutdown();
    expect(manager.path).toBe('Offline.stopped');
    manager.take();
    manager.connect().scale(0).restart().reshard(2).prepared(2).up('1/0', '2/0').close().abort();
    expect([manager.path, manager.take()]).toEqual(['Offline.stopped', []]);
  }
});

const failing = () => startManager().connect().prepared(1).down('1/0');

test('shutdown while a start fails is for good, and close is no failure', () => {
  expect(failing().shutdown().gone('1/0').path).toBe('Offline.stopped');
  expect(failing().close().gone('1/0').path).toBe('Offline.idle');
  expect(failing().abort().gone('1/0').path).toBe('Offline.failed');
});

test('without its shards a manager is down for good, and says so', () => {
  const manager = runningManager(2).reshard(1).prepared(1);
  manager.take();
  manager.fail('fleet');
  expect([manager.path, manager.take()]).toEqual(['Offline.stopped', ['manager.offline']]);
  expect(manager.context).toMatchObject({ current: null, next: null, starting: [] });
});
