import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/fleet/keys.js';
import { beatAll, counts, WorkerRig, type WorkerRigOptions } from './leaseRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const NAME = 'bot';
const TTL_MS = 1_500;
const KEYS = keysOf(NAME);

describe.runIf(hasRedis)('leases in an outage of Redis', () => {
  let redis: RedisServer;
  let rigs: WorkerRig[] = [];
  beforeEach(async () => void (redis = await RedisServer.start()));
  afterEach(async () => {
    for (const rig of rigs) rig.close();
    rigs = [];
    await redis[Symbol.asyncDispose]();
  });

  const join = async (worker: string, options: WorkerRigOptions = {}) => {
    const rig = await WorkerRig.join(redis, NAME, worker, { ttlMs: TTL_MS, ...options });
    rigs.push(rig);
    return rig;
  };

  /** Two workers with 4 shards each, all up. */
  async function twoWorkers(options: WorkerRigOptions = {}): Promise<[WorkerRig, WorkerRig]> {
    const first = await join('w-1', options);
    const second = await join('w-2', options);
    await beatAll([first, second], 2);
    expect(counts([first, second])).toEqual([4, 4]);
    return [first, second];
  }

  test('Redis unreachable for longer than a lease: the first that beats takes nothing, and every shard keeps its epoch', async () => {
    const [first, second] = await twoWorkers();
    const before = [first.held, second.held];
    redis.pause();
    await pause(2 * TTL_MS);
    redis.resume();
    const answer = await first.beat();
    expect(answer.owned).toHaveLength(4);
    expect(answer.workers).toEqual(['w-1/w-1', 'w-2/w-2']);
    expect(answer.againMs).toBeGreaterThan(0);
    expect((await first.lease.status()).graceUntil).not.toBeNull();
    await beatAll([first, second], 2);
    expect([first.held, second.held]).toEqual(before);
  });

  test('a worker that does not come back after the outage: its shards are claimed when the grace ends', async () => {
    const [first] = await twoWorkers();
    redis.pause();
    await pause(2 * TTL_MS);
    redis.resume();
    await first.beat();
    const begun = performance.now();
    for (; first.held.length < 8; await pause(100)) await first.beat();
    expect(performance.now() - begun).toBeGreaterThan(TTL_MS - 200);
  });

  test('a worker whose lease is about to end is awaited: the next beat is wanted at that moment, and takes its shards', async () => {
    const [first] = await twoWorkers();
    let { againMs } = await first.beat();
    for (; againMs === null; await pause(100)) ({ againMs } = await first.beat());
    expect(againMs).toBeLessThanOrEqual(TTL_MS / 2 + 1);
    await pause(againMs);
    for (; first.held.length < 8; await pause(20)) await first.beat();
  });

  test('Redis comes back empty: each worker keeps its shards with their epochs, and a worker that joins claims none', async () => {
    const [first, second] = await twoWorkers();
    const before = [first.held, second.held];
    await redis.command('FLUSHALL');
    await first.beat();
    const third = await join('w-3', { total: 8 });
    expect((await third.beat()).owned).toEqual([]);
    await second.beat();
    expect([first.held, second.held]).toEqual(before);
    expect(await second.lease.status()).toMatchObject({ fleet: { layout: 1, total: 8 } });
    for (; third.held.length < 2; await pause(100)) await beatAll([first, second, third], 1);
  });

  test('Redis comes back empty and a new worker joins first: those who have the shards up keep them', async () => {
    const [first, second] = await twoWorkers();
    const before = [first.keys, second.keys];
    await redis.command('FLUSHALL');
    const third = await join('w-3', { total: 8 });
    third.comesUp = false;
    expect((await third.beat()).owned).toHaveLength(8);
    const answers = [await first.beat(), await second.beat()];
    expect(answers.map(({ owned }) => owned.map(({ key }) => key).toSorted())).toEqual(before);
    third.capacity = 0;
    await third.beat();
    expect(third.held).toEqual([]);
  });

  test('Redis loses its last writes: shards stay where they went, and the former owner does not get them back', async () => {
    const [first, second] = await twoWorkers();
    await redis.command('SAVE');
    first.state = 'draining';
    await beatAll([first, second, first], 1);
    expect(counts([first, second])).toEqual([0, 8]);
    const before = second.held;
    await redis.kill();
    await redis.start();
    // The server has the records from before the move.
    expect(await redis.command('HVALS', KEYS.owners)).toContain('w-1/w-1 1');
    first.state = 'serving';
    expect((await first.beat()).owned).toEqual([]);
    await second.beat();
    await first.beat();
    expect(first.held).toEqual([]);
    expect(second.held).toEqual(before);
    for (; first.held.length < 4; await pause(100)) await beatAll([first, second], 1);
  });

  test('a worker that wakes long after Redis came back empty does not take its shards from their new owner', async () => {
    const [first, sleeper] = await twoWorkers();
    await first.beat();
    await redis.command('FLUSHALL');
    for (; first.held.length < 8; await pause(100)) await first.beat();
    await first.beat();
    expect((await sleeper.beat()).owned).toEqual([]);
    expect((await first.beat()).owned).toHaveLength(8);
  });

  test('a fleet of one that died: restarted under its name it claims at once, under another after the grace', async () => {
    const first = await join('w-1', { instance: 'a' });
    await first.beat();
    await pause(TTL_MS + 100);
    const again = await join('w-1', { instance: 'b' });
    expect((await again.beat()).owned).toHaveLength(8);
    await pause(TTL_MS + 100);
    const other = await join('w-2');
    expect((await other.beat()).owned).toEqual([]);
    for (; other.held.length < 8; await pause(100)) await other.beat();
  });

  test.each([
    ['an hour back', 3_600_000],
    ['an hour ahead', -3_600_000],
  ])("Redis' clock steps %s: no shard moves, and a worker that is gone is found out", async (_, stepMs) => {
    const [first, second] = await twoWorkers();
    const before = [first.held, second.held];
    // A step of the clock is the same as all times in Redis stepping the other way.
    for (const worker of ['w-1', 'w-2']) await redis.command('ZINCRBY', KEYS.leases, String(stepMs), worker);
    await redis.command('HINCRBY', KEYS.fleet, 'lastBeat', String(stepMs));
    await beatAll([first, second], 2);
    expect([first.held, second.held]).toEqual(before);
    for (; first.held.length < 8; await pause(100)) await first.beat();
  });
});
