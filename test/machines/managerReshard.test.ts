import { describe, expect, test } from 'vitest';
import { names, runningManager, standings, timeouts, way } from './managerRig.js';

/** A manager of two shards in a reshard to four, with all of the four up but one. */
function raisingManager() {
  const manager = runningManager(2).reshard(4).prepared(4, { maxConcurrency: 4 });
  manager.opened(...names(2, 4)).up('2/0', '2/1', '2/2');
  manager.take();
  return manager;
}

describe('the hand-over', () => {
  test('comes when the whole next set is up; the previous set drains for drainMs, and is closed', () => {
    const manager = runningManager(2).reshard(3);
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.preparing', ['prepare reshard all of 3']]);
    manager.prepared(3, { maxConcurrency: 1 });
    expect(manager.take()).toEqual(['set.create 2: 0 1 2 of 3', 'shard.connect 2/0']);
    manager.opened('2/0').opened('2/1').opened('2/2').up('2/1', '2/2');
    expect(manager.take()).toEqual(['shard.connect 2/1', 'shard.connect 2/2']);
    manager.up('2/0');
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.draining', ['set.serve 2']]);
    expect(manager.context.current?.total).toBe(3);
    manager.tick(timeouts.drainMs - 1);
    expect(manager.take()).toEqual([]);
    manager.tick(1);
    expect(manager.take()).toEqual(names(1, 2).map((name) => `shard.close ${name} 1000 another set has taken over`));
    manager.gone('1/0');
    expect(manager.path).toBe('Online.Resharding.retiring');
    manager.gone('1/1');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.done']]);
  });

  test('waits for a shard of the current set that is away', () => {
    const manager = raisingManager().left('1/1').up('2/3');
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.awaitingAway', []]);
    manager.up('1/1');
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.draining', ['set.serve 2']]);
  });

  test('waits for a shard of the next set that is away again', () => {
    const manager = raisingManager().left('2/0').up('2/3');
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.awaitingAway', []]);
    manager.up('2/0');
    expect(manager.take()).toEqual(['set.serve 2']);
  });

  test('waits for handOverMs at most', () => {
    const manager = raisingManager()
      .left('1/1')
      .up('2/3')
      .tick(timeouts.handOverMs - 1);
    expect(manager.take()).toEqual([]);
    manager.tick(1);
    expect(manager.take()).toEqual(['set.serve 2']);
  });

  test('does not wait for a shard of the current set that is down for good', () => {
    const manager = raisingManager().left('1/1').up('2/3').down('1/1');
    expect(manager.take()).toEqual(['set.serve 2']);
  });

  test('a shard of the previous set that goes down after it fails nothing, and leaves nothing in the context', () => {
    const manager = raisingManager().up('2/3').left('1/0').down('1/1').tick(timeouts.drainMs);
    manager.gone('1/1').left('1/1').down('1/1').gone('1/0');
    expect([manager.path, manager.take().at(-1)]).toEqual(['Online.Running', 'operation.done']);
    expect(manager.context).toMatchObject({ lost: [], leaving: [], failed: [], next: null, previous: null });
  });

  test('a shard of the previous set that is not gone within closeMs is aborted', () => {
    const manager = raisingManager().up('2/3').tick(timeouts.drainMs).gone('1/0');
    manager.take();
    manager.tick(timeouts.closeMs);
    expect(manager.take()).toEqual(['shard.abort 1/1 4900 took too long to go down', 'operation.done']);
  });

  test('a second reshard creates set 3', () => {
    const manager = raisingManager()
      .up('2/3')
      .tick(timeouts.drainMs)
      .gone(...names(1, 2));
    manager.reshard(1).prepared(1).up('3/0').tick(timeouts.drainMs);
    expect(manager.take().filter((frame) => frame.startsWith('set.'))).toEqual([
      'set.serve 2',
      'set.create 3: 0 of 1',
      'set.serve 3',
    ]);
  });
});

describe('a reshard that ends before the hand-over leaves the current set alone:', () => {
  const called = 'the reshard was called off';
  const closes = names(2, 4).map((name) => `shard.close ${name} 1000 ${called}`);

  test('called off in preparing', () => {
    const manager = runningManager(2).reshard(4);
    manager.take();
    manager.send({ type: 'reshard.abort' });
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed aborted']]);
    manager.prepared(4);
    expect(manager.take()).toEqual([]);
  });

  test('called off in raising: only the next set is closed', () => {
    const manager = raisingManager().send({ type: 'reshard.abort' });
    expect(manager.take()).toEqual(closes);
    manager.gone(...names(2, 4));
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed aborted']]);
    expect(manager.context).toMatchObject({ next: null, current: { number: 1, total: 2, ids: [0, 1] } });
  });

  test('called off in draining: no effect', () => {
    const manager = raisingManager().up('2/3');
    manager.take();
    manager.send({ type: 'reshard.abort' });
    expect([manager.path, manager.take()]).toEqual(['Online.Resharding.draining', []]);
  });

  test.each(['2/3', '2/0'] as const)(
    'a shard of the next set is refused, whether it has been up or not: %s',
    (name) => {
      const manager = raisingManager().down(name);
      expect([manager.path, manager.take()]).toEqual(['Online.Resharding.abandoning', closes]);
      manager.tick(timeouts.closeMs);
      const aborts = names(2, 4).map((late) => `shard.abort ${late} 4900 took too long to go down`);
      expect(manager.take()).toEqual([...aborts, `operation.failed shardDown ${name}`]);
    },
  );

  test.each([
    ['fewer identifies than shards', { identifiesLeft: 3 }],
    ['none, and one that does not resume', { identifiesLeft: 0, resumable: [0, 1, 2] }],
  ])('too few identifies are left: %s', (_, budget) => {
    const manager = runningManager(2).reshard(4).prepared(4, budget);
    expect([manager.path, manager.take()]).toEqual([
      'Online.Running',
      ['prepare reshard all of 4', 'operation.failed overBudget'],
    ]);
  });

  test('exactly as many identifies as it needs are enough', () => {
    expect(runningManager(2).reshard(4).prepared(4, { identifiesLeft: 4 }).path).toBe('Online.Resharding.raising');
    const resumed = { identifiesLeft: 1, resumable: [0, 1, 2] };
    expect(runningManager(2).reshard(4).prepared(4, resumed).path).toBe('Online.Resharding.raising');
  });

  test.each(['manager.unprepared', 'a bug'] as const)('the preparation fails: %s', (what) => {
    const manager = runningManager(2).reshard(4);
    manager.take();
    if (what === 'a bug') manager.fail('preparation');
    else manager.send({ type: what });
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed unprepared']]);
  });

  test('a shard of the current set that goes down does not fail it', () => {
    const manager = raisingManager().down('1/0');
    expect(manager.path).toBe('Online.Resharding.raising');
    manager.send({ type: 'reshard.abort' }).gone(...names(2, 4));
    expect(standings(manager.context)).toEqual({ down: ['1/0'] });
  });
});

test.each(['close', 'shutdown'] as const)('%s in raising closes both sets', (command) => {
  const manager = raisingManager().send({ type: command, ...way });
  expect(manager.take()).toEqual([...names(1, 2), ...names(2, 4)].map((name) => `shard.close ${name} 1000 asked`));
  manager.gone(...names(2, 4), ...names(1, 2));
  expect(manager.path).toBe(command === 'close' ? 'Offline.idle' : 'Offline.stopped');
});

test('close in retiring closes the current set, and waits for both', () => {
  const manager = raisingManager().up('2/3').tick(timeouts.drainMs);
  manager.take();
  manager.close();
  expect(manager.take()).toEqual(names(2, 4).map((name) => `shard.close ${name} 1000 asked`));
  manager.gone(...names(2, 4), '1/0');
  expect(manager.path).toBe('Closing.goingOffline');
  manager.gone('1/1');
  expect([manager.path, manager.take()]).toEqual(['Offline.idle', ['manager.offline']]);
});
