import { describe, expect, test } from 'vitest';
import { names, runningManager, standings, startManager, timeouts } from './managerRig.js';

const connects = (frames: readonly string[]) =>
  frames.filter((frame) => frame.startsWith('shard.connect')).map((frame) => frame.split(' ')[1]);

describe('connect', () => {
  test('prepares first, then creates a set of two and connects both; done when both have been up', () => {
    const manager = startManager().connect();
    expect([manager.path, manager.take()]).toEqual(['Preparing', ['prepare connect']]);
    manager.prepared(2, { maxConcurrency: 2 });
    expect(manager.take()).toEqual(['set.create 1: 0 1 of 2', 'shard.connect 1/0', 'shard.connect 1/1']);
    manager.opened('1/0', '1/1').up('1/1');
    expect([manager.path, manager.take()]).toEqual(['Online.Starting', []]);
    manager.up('1/0');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.done']]);
  });

  test('connects shards 2, 3, 5 that resume first and at once, and the first of the others with them', () => {
    const manager = startManager()
      .connect()
      .prepared(6, { resumable: [2, 3, 5] });
    expect(connects(manager.take())).toEqual(['1/2', '1/3', '1/5', '1/0']);
    manager.up('1/2', '1/3', '1/5');
    expect(connects(manager.take())).toEqual([]);
  });

  test('connects one shard of each key until its HELLO, in the order of ids', () => {
    const manager = startManager().connect().prepared(8, { maxConcurrency: 2 });
    expect(connects(manager.take())).toEqual(['1/0', '1/1']);
    manager.opened('1/1');
    expect(connects(manager.take())).toEqual(['1/3']);
    manager.opened('1/3').opened('1/0');
    expect(connects(manager.take())).toEqual(['1/5', '1/2']);
  });

  test('connects all at once where max_concurrency is not known', () => {
    const manager = startManager().connect().prepared(5, { maxConcurrency: null });
    expect(connects(manager.take())).toEqual(names(1, 5));
  });

  test('never opens more than maxOpening connections at once, whether they resume or identify', () => {
    const manager = startManager({ maxOpening: 3 }).connect();
    manager.prepared(10, { maxConcurrency: 16, resumable: [6, 7, 8, 9] });
    expect(connects(manager.take())).toEqual(['1/6', '1/7', '1/8']);
    manager.opened('1/7');
    expect(connects(manager.take())).toEqual(['1/9']);
    manager.opened('1/6', '1/8');
    expect(connects(manager.take())).toEqual(['1/0', '1/1']);
  });

  test('connects the next of a key when a shard is lost before HELLO', () => {
    const manager = startManager().connect().prepared(2);
    manager.take();
    manager.opened('1/0');
    expect(connects(manager.take())).toEqual(['1/1']);
  });

  test('closes all with 4900 when one shard is refused: sessions stay, and no further shard identifies', () => {
    const manager = startManager().connect().prepared(3);
    manager.opened('1/0').up('1/0');
    manager.take();
    manager.down('1/1');
    const closes = names(1, 3).map((name) => `shard.close ${name} 4900 a shard could not start`);
    expect([manager.path, manager.take()]).toEqual(['Closing.failing', closes]);
    manager.gone('1/2', '1/0');
    expect(manager.take()).toEqual([]);
    manager.gone('1/1');
    expect([manager.path, manager.take()]).toEqual([
      'Offline.failed',
      ['operation.failed shardDown 1/1', 'manager.offline'],
    ]);
    manager.connect().prepared(3);
    expect(manager.take()).toEqual(['prepare connect', 'set.create 2: 0 1 2 of 3', 'shard.connect 2/0']);
  });

  test.each(['manager.unprepared', 'a bug'] as const)(
    'ends in Offline.failed when the preparation fails: %s',
    (what) => {
      const manager = startManager().connect();
      manager.take();
      if (what === 'a bug') manager.fail('preparation');
      else manager.send({ type: what });
      expect([manager.path, manager.take()]).toEqual(['Offline.failed', ['operation.failed unprepared']]);
    },
  );

  test('is done at once when all are up, and connects shards that are down, in the order of ids', () => {
    const manager = runningManager(5, { maxOpening: 1 }).connect();
    expect(manager.take()).toEqual(['operation.done']);
    manager.down('1/3', '1/0').connect();
    expect([manager.path, manager.take()]).toEqual(['Online.Scaling', ['shard.connect 1/0']]);
    manager.up('1/0');
    expect(manager.take()).toEqual(['shard.connect 1/3']);
    manager.down('1/3');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed shardDown 1/3']]);
    expect(standings(manager.context)).toEqual({ down: ['1/3'] });
  });
});

describe('scale', () => {
  test('to shards 1, 2 closes 0, connects 2 and leaves 1 alone', () => {
    const manager = runningManager(4).scale(0, 1);
    expect(manager.take()).toEqual(['shard.close 1/2 1000 asked', 'shard.close 1/3 1000 asked']);
    manager.gone('1/3', '1/2');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.done']]);
    manager.scale(1, 2);
    expect(manager.take()).toEqual(['shard.close 1/0 1000 asked', 'shard.connect 1/2']);
    manager.gone('1/0');
    expect(manager.take()).toEqual([]);
    manager.up('1/2');
    expect(manager.take()).toEqual(['operation.done']);
    expect(manager.context.current?.ids).toEqual([1, 2]);
  });

  test('fails for a refused shard once all others are up, and they stay', () => {
    const manager = runningManager(4, { maxOpening: 2 }).scale(0).gone('1/1', '1/2', '1/3').scale(0, 1, 2, 3);
    manager.take();
    manager.down('1/1');
    expect([manager.path, connects(manager.take())]).toEqual(['Online.Scaling', ['1/3']]);
    manager.up('1/2', '1/3');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed shardDown 1/1']]);
  });

  test('aborts a shard that is not gone within closeMs, and ignores its later reports', () => {
    const manager = runningManager(2).scale(0);
    manager.take();
    manager.tick(timeouts.closeMs - 1);
    expect(manager.take()).toEqual([]);
    manager.tick(1);
    expect(manager.take()).toEqual(['shard.abort 1/1 4900 took too long to go down', 'operation.done']);
    manager.left('1/1').down('1/1').gone('1/1');
    expect(standings(manager.context)).toEqual({});
    manager.connect();
    expect(manager.take()).toEqual(['operation.done']);
  });

  test('waits for a shard that comes up, however long', () => {
    const manager = runningManager(2).down('1/1').connect();
    manager.take();
    manager.tick(10 * timeouts.closeMs);
    expect([manager.path, manager.take()]).toEqual(['Online.Scaling', []]);
  });
});

describe('restart', () => {
  test('restarts all at once, and is done when all are back', () => {
    const manager = runningManager(3).restart({ newSessions: true });
    expect(manager.take()).toEqual(names(1, 3).map((name) => `shard.restart ${name} new session`));
    manager.left(...names(1, 3)).up('1/2', '1/0');
    expect(manager.take()).toEqual([]);
    manager.up('1/1');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.done']]);
  });

  test('newSessions with too few identifies left fails with overBudget, and restarts none', () => {
    const manager = runningManager(3).down('1/2').restart({ newSessions: true, identifiesLeft: 1 });
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed overBudget']]);
    manager.restart({ newSessions: true, identifiesLeft: 2 });
    expect(manager.take()).toEqual(['shard.restart 1/0 new session', 'shard.restart 1/1 new session']);
  });

  test('rolling restarts one after the other, in the order of ids', () => {
    const manager = runningManager(3).restart({ rolling: true });
    for (const name of names(1, 3)) {
      expect(manager.take()).toEqual([`shard.restart ${name}`]);
      manager.left(name);
      expect(manager.take()).toEqual([]);
      manager.up(name);
    }
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.done']]);
  });

  test('rolling stops at the first refused shard, and leaves the others connected', () => {
    const manager = runningManager(4).restart({ rolling: true }).up('1/0');
    manager.take();
    manager.left('1/1').down('1/1');
    expect([manager.path, manager.take()]).toEqual(['Online.Running', ['operation.failed shardDown 1/1']]);
    expect(standings(manager.context)).toEqual({ down: ['1/1'] });
  });

  test('fails for one refused shard at once; the others come back by themselves', () => {
    const manager = runningManager(3).restart().down('1/1');
    expect(standings(manager.context)).toEqual({ down: ['1/1'], away: ['1/0', '1/2'] });
    expect(standings(manager.up('1/0', '1/2').context)).toEqual({ down: ['1/1'] });
  });

  test('restarts a shard that is away, and none that is down', () => {
    const manager = runningManager(3).down('1/0').left('1/1').restart();
    expect(manager.take()).toEqual(['shard.restart 1/1', 'shard.restart 1/2']);
  });
});
