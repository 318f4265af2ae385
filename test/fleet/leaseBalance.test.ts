import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beatAll, counts, WorkerRig, type WorkerRigOptions } from './leaseRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

describe.runIf(hasRedis)('the balance of shards over workers', () => {
  let redis: RedisServer;
  const rigs: WorkerRig[] = [];
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(async () => {
    for (const rig of rigs) rig.close();
    await redis?.[Symbol.asyncDispose]();
  });

  let names = 0;
  const newName = () => `balance-${(names += 1)}`;
  const join = async (name: string, worker: string, options?: WorkerRigOptions) => {
    const rig = await WorkerRig.join(redis, name, worker, options);
    rigs.push(rig);
    return rig;
  };

  test.each([
    [8, [null, null], [4, 4]],
    [8, [null, null, null], [3, 3, 2]],
    [16, [2, null, null], [2, 7, 7]],
    [16, [2, 3, null], [2, 3, 11]],
    [8, [2, 2], [2, 2]],
    [8, [0, null], [0, 8]],
    [2, [null, null, null], [1, 1, 0]],
  ])('%i shards, capacities %j, all joined first: each owns %j after one beat', async (total, capacities, expected) => {
    const name = newName();
    const workers: WorkerRig[] = [];
    for (const [index, capacity] of capacities.entries())
      workers.push(await join(name, `w-${index}`, { total, capacity }));
    await beatAll(workers, 1);
    expect(counts(workers)).toEqual(expected);
    await beatAll(workers, 3);
    expect(counts(workers)).toEqual(expected);
  });

  test('a worker that joins 8 shards that are up receives 4, one at a time: the next moves when the last is up', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    await beatAll([first], 2);
    const second = await join(name, 'w-2');
    second.comesUp = false;
    const moves: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const { give } = await first.beat();
      moves.push(give.length);
      const { againMs, owned } = await second.beat();
      expect(againMs).toBe(100);
      expect(owned).toHaveLength(1);
    }
    // The shard is not up at its new owner, so no other follows.
    expect(moves).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    second.comesUp = true;
    await beatAll([first, second], 8);
    expect(counts([first, second])).toEqual([4, 4]);
    expect((await first.beat()).againMs).toBeNull();
    expect((await second.beat()).againMs).toBeNull();
  });

  test('two workers with too many shards: while one gives, the other does not', async () => {
    const name = newName();
    const [first, second] = [await join(name, 'w-1'), await join(name, 'w-2')];
    await beatAll([first, second], 2);
    const third = await join(name, 'w-3');
    third.comesUp = false;
    const given = [await first.beat(), await second.beat(), await first.beat()].map(({ give }) => give.length);
    expect(given).toEqual([1, 0, 0]);
  });

  test('a give that its worker has not heard is answered again, and no second shard goes', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    await beatAll([first], 2);
    await join(name, 'w-2');
    const beat = { state: 'serving', capacity: null, held: first.held, report: '' } as const;
    const { give } = await first.lease.beat(beat);
    expect(give).toEqual(['1:7']);
    expect((await first.lease.beat(beat)).give).toEqual(give);
    const closing = first.held.map((held) => ({ ...held, isUp: held.isUp && held.key !== '1:7' }));
    expect((await first.lease.beat({ ...beat, held: closing })).give).toEqual(give);
  });

  test('shards that are not up yet cost nothing to move: the surplus goes at once, the last in the queue first', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    first.comesUp = false;
    await first.beat();
    const second = await join(name, 'w-2');
    expect((await first.beat()).give.toSorted()).toEqual(['1:4', '1:5', '1:6', '1:7']);
    await second.beat();
    expect(counts([first, second])).toEqual([4, 4]);
  });

  test('a worker that disappears: the others take its shards, and none of theirs moves', async () => {
    const name = newName();
    const workers = [await join(name, 'w-1'), await join(name, 'w-2'), await join(name, 'w-3', { ttlMs: 600 })];
    await beatAll(workers, 2);
    const [first, second, gone] = workers as [WorkerRig, WorkerRig, WorkerRig];
    const before = [first.keys, second.keys];
    await gone.lease.leave();
    await beatAll([first, second], 2);
    expect(counts([first, second])).toEqual([4, 4]);
    expect(first.keys).toEqual(expect.arrayContaining(before[0] ?? []));
    expect(second.keys).toEqual(expect.arrayContaining(before[1] ?? []));
  });

  test('a drained worker gives all shards at once and takes none; serving again it takes its share', async () => {
    const name = newName();
    const [first, second] = [await join(name, 'w-1'), await join(name, 'w-2')];
    await beatAll([first, second], 2);
    first.state = 'draining';
    await beatAll([first, second], 3);
    expect(counts([first, second])).toEqual([0, 8]);
    first.state = 'serving';
    await beatAll([first, second], 10);
    expect(counts([first, second])).toEqual([4, 4]);
  });

  test('a shard that a worker was given and never heard of is free as soon as the worker drains', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    await first.beat();
    first.held = [];
    first.state = 'draining';
    expect(await first.beat()).toMatchObject({ owned: [], give: [] });
    const second = await join(name, 'w-2');
    expect((await second.beat()).owned).toHaveLength(8);
  });

  test.each([
    ['once', false],
    ['twice', true],
  ])(
    'scripts run %s, five workers join and two leave: even at every rest, no shard held twice',
    async (_, isResent) => {
      const name = newName();
      let workers: WorkerRig[] = [];
      for (const worker of ['w-1', 'w-2', 'w-3', 'w-4', 'w-5']) {
        workers.push(await join(name, worker, { total: 23, isResent }));
        await beatAll(workers, 30);
        const all = counts(workers);
        expect(all.reduce((sum, count) => sum + count, 0)).toBe(23);
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
      }
      for (const leaver of workers.slice(0, 2)) {
        leaver.state = 'draining';
        await leaver.beat();
        await leaver.lease.leave();
      }
      workers = workers.slice(2);
      await beatAll(workers, 10);
      expect(counts(workers).toSorted()).toEqual([7, 8, 8]);
    },
  );

  test('shards that await READY stay until they are up; those that wait for their turn to identify go at once', async () => {
    const name = newName();
    const first = await join(name, 'w-1', { total: 4 });
    first.comesUp = false;
    await beatAll([first], 1);
    first.held = first.held.map(({ key, epoch }) => ({ key, epoch, isUp: false, isStarting: true }));
    const second = await join(name, 'w-2', { total: 4 });
    await second.beat();
    expect((await first.beat()).give).toEqual([]);
    first.held = first.held.map(({ key, epoch }) => ({ key, epoch, isUp: false, isStarting: key === '1:3' }));
    expect((await first.beat()).give.toSorted()).toEqual(['1:1', '1:2']);
  });
});
