import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/fleet/keys.js';
import { until } from '../shard/rig.js';
import { beatAll, WorkerRig, type WorkerRigOptions } from './leaseRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7].map((id) => `1:${id}`);

describe.runIf(hasRedis)('Lease', () => {
  let redis: RedisServer;
  const rigs: WorkerRig[] = [];
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(async () => {
    for (const rig of rigs) rig.close();
    await redis?.[Symbol.asyncDispose]();
  });

  let names = 0;
  const newName = () => `lease-${(names += 1)}`;
  const keep = (rig: WorkerRig) => (rigs.push(rig), rig);
  const create = async (name: string, worker: string, options?: WorkerRigOptions) =>
    keep(await WorkerRig.create(redis, name, worker, options));
  const join = async (name: string, worker: string, options?: WorkerRigOptions) =>
    keep(await WorkerRig.join(redis, name, worker, options));

  test('a new fleet: the first beat of the first worker owns all shards, without a wait', async () => {
    const worker = await create(newName(), 'w-1');
    expect(await worker.lease.join({ total: 8, capacity: null })).toEqual({ layout: 1, total: 8, next: null });
    const answer = await worker.beat();
    expect(answer.owned.map(({ key }) => key).toSorted()).toEqual(EIGHT);
    expect(answer).toMatchObject({ give: [], isFenced: false, workers: ['w-1/w-1'], againMs: null });
  });

  test('a beat sent twice answers the same', async () => {
    const worker = await join(newName(), 'w-1');
    const beat = { state: 'serving', capacity: null, held: [], report: '' } as const;
    const first = await worker.lease.beat(beat);
    expect(await worker.lease.beat(beat)).toEqual(first);
  });

  test('a total other than that of the fleet is refused with FLEET_TOTAL, a proposed one gives way', async () => {
    const name = newName();
    await join(name, 'w-1');
    const other = await create(name, 'w-2');
    await expect(other.lease.join({ total: 16, capacity: null })).rejects.toMatchObject({
      code: 'FLEET_TOTAL',
      value: 16,
      message: expect.stringContaining('fleet.reshard(16)') as string,
    });
    expect(await other.lease.join({ total: 16, capacity: null, isProposal: true })).toMatchObject({ total: 8 });
  });

  test('a name whose lease lives is refused with WORKER_TAKEN; after the lease it is free, and the earlier process is fenced', async () => {
    const name = newName();
    const first = await join(name, 'w-1', { instance: 'a', ttlMs: 800 });
    await first.beat();
    const second = await create(name, 'w-1', { instance: 'b' });
    const joining = () => second.lease.join({ total: 8, capacity: null });
    await expect(joining()).rejects.toMatchObject({ code: 'WORKER_TAKEN', value: 'w-1' });
    await until(() => performance.now() > first.lease.endsAt + 200);
    await joining();
    expect((await second.beat()).owned).toHaveLength(8);
    expect(await first.beat()).toMatchObject({ isFenced: true, owned: [] });
    expect(first.lease.endsAt).toBe(-Infinity);
    expect((await second.beat()).owned).toHaveLength(8);
  });

  test('a worker that stops beating: its shards are claimed with higher epochs, and none comes back when it wakes', async () => {
    const name = newName();
    const sleeper = await join(name, 'w-1', { ttlMs: 800 });
    await sleeper.beat();
    await sleeper.beat();
    const heir = await join(name, 'w-2', { ttlMs: 800 });
    for (; heir.held.length < 8; await pause(100)) await heir.beat();
    const [first = { key: '', epoch: 0 }] = sleeper.held;
    expect(await sleeper.lease.holds(first.key, first.epoch)).toBe(false);
    const answer = await sleeper.beat();
    expect(answer.owned).toEqual([]);
    expect(heir.held.every(({ epoch }) => epoch > 8)).toBe(true);
  });

  test('released shards are claimed by the worker that is woken; their former owner that wakes late does not adopt them', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    await first.beat();
    const second = await join(name, 'w-2');
    const before = first.held;
    first.state = 'draining';
    const given = await first.beat();
    expect(given.give.toSorted()).toEqual(EIGHT);
    expect(await redis.command('LRANGE', keysOf(name).inbox('w-2'), '0', '-1')).toEqual(['{"type":"wake"}']);
    const late = await first.lease.beat({ state: 'serving', capacity: 0, held: before, report: '' });
    expect(late.owned).toEqual([]);
    expect((await second.beat()).owned).toHaveLength(8);
    await first.lease.release(before);
    expect((await second.beat()).owned).toHaveLength(8);
  });

  test('holds answers true for the owner alone, by owner and epoch', async () => {
    const name = newName();
    const worker = await join(name, 'w-1');
    const other = await join(name, 'w-2');
    await worker.beat();
    const { key, epoch } = worker.held[0] ?? { key: '', epoch: 0 };
    expect(await worker.lease.holds(key, epoch)).toBe(true);
    expect(await worker.lease.holds(key, epoch + 1)).toBe(false);
    expect(await other.lease.holds(key, epoch)).toBe(false);
  });

  test('a worker that leaves with shards frees them at once, and its name', async () => {
    const name = newName();
    const first = await join(name, 'w-1');
    await first.beat();
    await first.lease.leave();
    await first.lease.leave();
    const second = await join(name, 'w-1', { instance: 'b' });
    expect((await second.beat()).owned).toHaveLength(8);
  });

  test('all workers left: the next one claims without a wait, however long after', async () => {
    const name = newName();
    const first = await join(name, 'w-1', { ttlMs: 500 });
    await first.beat();
    await first.lease.leave();
    await redis.command('HSET', keysOf(name).fleet, 'lastBeat', '1000');
    const second = await join(name, 'w-2', { ttlMs: 500 });
    expect((await second.beat()).owned).toHaveLength(8);
  });

  test('status: all shards, up or free, and all workers with their reports', async () => {
    const name = newName();
    const stranger = await create(name, 'w-0');
    expect(await stranger.lease.status()).toMatchObject({ fleet: null, workers: [], shards: [] });
    const worker = await join(name, 'w-1', { total: 3, capacity: 2 });
    await beatAll([worker], 2);
    const status = await worker.lease.status();
    expect(status.shards).toEqual([
      { key: '1:0', owner: 'w-1/w-1', epoch: 1, isUp: true },
      { key: '1:1', owner: 'w-1/w-1', epoch: 2, isUp: true },
      { key: '1:2', owner: null, epoch: 0, isUp: false },
    ]);
    expect(status.workers).toMatchObject([
      { worker: 'w-1', instance: 'w-1', state: 'serving', capacity: 2, isAlive: true, report: '2 shards' },
    ]);
    expect(status.workers[0]?.beatAgoMs).toBeLessThan(30_000);
    expect(status).toMatchObject({ fleet: { layout: 1, total: 3, next: null }, cutoverAt: null, graceUntil: null });
  });
});
