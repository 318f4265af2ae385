import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/fleet/keys.js';
import { beatAll, WorkerRig, type WorkerRigOptions } from './leaseRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

/** Numbers of the shards that a worker holds of layouts 1 and 2. */
const layoutsOf = (worker: WorkerRig) =>
  [1, 2].map((layout) => worker.keys.filter((key) => key.startsWith(`${layout}:`)).length);

describe.runIf(hasRedis)('a reshard of the fleet', () => {
  let redis: RedisServer;
  const rigs: WorkerRig[] = [];
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(async () => {
    for (const rig of rigs) rig.close();
    await redis?.[Symbol.asyncDispose]();
  });

  let names = 0;
  const newName = () => `reshard-${(names += 1)}`;
  const join = async (name: string, worker: string, options?: WorkerRigOptions) => {
    const rig = await WorkerRig.join(redis, name, worker, { total: 4, ...options });
    rigs.push(rig);
    return rig;
  };

  async function twoWorkers(name: string, options?: WorkerRigOptions): Promise<[WorkerRig, WorkerRig]> {
    const workers: [WorkerRig, WorkerRig] = [await join(name, 'w-1', options), await join(name, 'w-2', options)];
    await beatAll(workers, 2);
    return workers;
  }

  test('from 4 to 8 shards: each worker runs half of both layouts, each within its capacity', async () => {
    const [first, second] = await twoWorkers(newName(), { capacity: 4 });
    await first.lease.startReshard(8);
    await beatAll([first, second], 2);
    expect([layoutsOf(first), layoutsOf(second)]).toEqual([
      [2, 4],
      [2, 4],
    ]);
    expect((await first.beat()).fleet).toEqual({ layout: 1, total: 4, next: { layout: 2, total: 8 } });
  });

  test('the cutover waits for the last shard, then the old layout is given away, forgotten and claimed by none', async () => {
    const name = newName();
    const keys = keysOf(name);
    const [first, second] = await twoWorkers(name);
    second.comesUp = false;
    await first.lease.startReshard(8);
    await beatAll([first, second], 2);
    expect(await first.lease.cutOver(2)).toEqual({
      at: null,
      missing: second.keys.filter((key) => key.startsWith('2:')),
    });
    second.comesUp = true;
    await beatAll([first, second], 2);
    const { at } = await first.lease.cutOver(2);
    expect(at).toBeGreaterThan(0);
    expect(await second.lease.cutOver(2)).toEqual({ at, missing: [] });
    await redis.command('HSET', keys.sessions, '1:0', '{}');
    const answer = await first.beat();
    expect(answer.fleet).toEqual({ layout: 2, total: 8, next: null });
    expect(answer.give.toSorted().map((key) => key.slice(0, 2))).toEqual(['1:', '1:']);
    await beatAll([first, second], 2);
    expect([layoutsOf(first), layoutsOf(second)]).toEqual([
      [0, 4],
      [0, 4],
    ]);
    expect(await redis.command('HLEN', keys.owners)).toBe(8);
    expect(await redis.command('HLEN', keys.sessions)).toBe(0);
    expect((await first.lease.status()).cutoverAt).toBe(at);
  });

  test('a second reshard beside the first is refused with BUSY, the same one again is not', async () => {
    const [first, second] = await twoWorkers(newName());
    await first.lease.startReshard(8);
    await second.lease.startReshard(8);
    await expect(second.lease.startReshard(16)).rejects.toMatchObject({ code: 'BUSY', value: 16 });
  });

  test('a start of a reshard that arrives after its cutover begins no second one', async () => {
    const [first, second] = await twoWorkers(newName());
    await first.lease.startReshard(8);
    await beatAll([first, second], 3);
    expect((await first.lease.cutOver(2)).missing).toEqual([]);
    // Known to `second` is still layout 1.
    const known = second.lease;
    await known.startReshard(8);
    expect((await first.beat()).fleet).toEqual({ layout: 2, total: 8, next: null });
  });

  test('a worker that joins during the reshard may have either total, and takes its share of both layouts', async () => {
    const name = newName();
    const [first, second] = await twoWorkers(name);
    await first.lease.startReshard(8);
    const third = await join(name, 'w-3', { total: 8 });
    await beatAll([first, second, third], 20);
    const shares = [first, second, third].map(layoutsOf);
    expect(shares.map(([old]) => old).toSorted()).toEqual([1, 1, 2]);
    expect(shares.map(([, next]) => next).toSorted()).toEqual([2, 3, 3]);
    await expect(join(name, 'w-4', { total: 6 })).rejects.toMatchObject({ code: 'FLEET_TOTAL' });
  });

  test('Redis comes back empty in the reshard: both layouts stay, and the cutover waits for the grace', async () => {
    const [first, second] = await twoWorkers(newName(), { ttlMs: 1_000 });
    await first.lease.startReshard(8);
    await beatAll([first, second], 2);
    const before = [first.keys, second.keys];
    await redis.command('FLUSHALL');
    await first.beat();
    expect((await first.lease.cutOver(2)).at).toBeNull();
    await beatAll([first, second], 1);
    expect([first.keys, second.keys]).toEqual(before);
    expect((await first.lease.cutOver(2)).missing).toEqual([]);
  });
});
