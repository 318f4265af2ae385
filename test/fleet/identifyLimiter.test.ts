import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, createIoRedis } from './clients.js';
import { createRedisIdentifyLimiter, type RedisIdentifyLimiterOptions } from '../../src/fleet/index.js';
import type { IdentifyGrant } from '../../src/index.js';
import { until } from '../shard/rig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const WINDOW_MS = 600;
const { signal } = new AbortController();

/** Days whose permits for further identifies are back at once. */
const ENDLESS_DAY = { total: 100_000_000, remaining: 100_000_000, reset_after: 86_400_000 };

const gaps = (times: readonly { at: number }[]) =>
  times.slice(1).map(({ at }, index) => at - (times[index] as { at: number }).at);

describe.runIf(hasRedis)('createRedisIdentifyLimiter', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  let names = 0;
  const newName = () => `limiter-${(names += 1)}`;

  function limiterOf(name: string, options: Partial<RedisIdentifyLimiterOptions> = {}) {
    const errors: string[] = [];
    const limiter = createRedisIdentifyLimiter({
      redis: redis.url,
      name,
      window: WINDOW_MS,
      onError: (message) => void errors.push(message),
      ...options,
    });
    return Object.assign(limiter, { errors });
  }

  /** Asks for shards of several limiters, and records when each has committed. */
  function committing() {
    const committed: { shardId: number; at: number }[] = [];
    const ask = async (limiter: ReturnType<typeof limiterOf>, shardId: number) => {
      for (;;) {
        const grant = await limiter.acquire(shardId, { signal });
        if (!(await grant.commit())) continue;
        committed.push({ shardId, at: performance.now() });
        return;
      }
    };
    return { committed, ask };
  }

  test('three limiters, one key, six shards: each identifies once, and no two within a window', async () => {
    const name = newName();
    const limiters = [limiterOf(name), limiterOf(name), limiterOf(name)];
    const { committed, ask } = committing();
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((shardId) => ask(limiters[shardId % 3] as ReturnType<typeof limiterOf>, shardId)),
    );
    expect(committed.map(({ shardId }) => shardId).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    // The answers may come closer together than Redis gave them.
    expect(Math.min(...gaps(committed))).toBeGreaterThan(WINDOW_MS - 100);
    for (const limiter of limiters) {
      expect(limiter.errors).toEqual([]);
      await limiter.close();
    }
  });

  test('a max_concurrency of 2 told by one limiter: the other grants two shards of different keys at once', async () => {
    const name = newName();
    await using first = limiterOf(name);
    await using second = limiterOf(name);
    await first.tellBudget({ ...ENDLESS_DAY, max_concurrency: 2 });
    const { committed, ask } = committing();
    await Promise.all([0, 1, 2, 3].map((shardId) => ask(second, shardId)));
    const [one = 0, two = 0, three = 0] = gaps(committed);
    expect(one).toBeLessThan(WINDOW_MS / 2);
    expect(two).toBeGreaterThan(WINDOW_MS / 2);
    expect(three).toBeLessThan(WINDOW_MS / 2);
  });

  test('a cancelled grant frees its key, a second commit returns false, a commit after cancel returns false', async () => {
    await using limiter = limiterOf(newName());
    const first = await limiter.acquire(0, { signal });
    await first.cancel();
    expect(await first.commit()).toBe(false);
    const second = await limiter.acquire(1, { signal });
    expect(await second.commit()).toBe(true);
    expect(await second.commit()).toBe(false);
  });

  test('a signal aborted in the queue rejects with its reason, and the shard behind it is granted', async () => {
    await using limiter = limiterOf(newName());
    const held = await limiter.acquire(0, { signal });
    const abort = new AbortController();
    const gone = limiter.acquire(1, { signal: abort.signal });
    const next = limiter.acquire(2, { signal });
    abort.abort(new Error('socket lost'));
    await expect(gone).rejects.toThrow('socket lost');
    await expect(limiter.acquire(3, { signal: abort.signal })).rejects.toThrow('socket lost');
    await held.cancel();
    expect(await (await next).commit()).toBe(true);
  });

  test('a limiter that disappears with a place in the queue and a grant holds the others up for 5 s at most', async () => {
    const name = newName();
    const client = await createClient({ url: redis.url }).connect();
    const dying = limiterOf(name, { redis: client });
    await dying.acquire(0, { signal });
    void dying.acquire(1, { signal }).catch(() => {});
    await until(() => dying.waiting === 1);
    client.destroy();
    await using limiter = limiterOf(name);
    const begun = performance.now();
    const grant: IdentifyGrant = await limiter.acquire(2, { signal });
    expect(performance.now() - begun).toBeLessThan(6_500);
    expect(await grant.commit()).toBe(true);
    await dying.close();
  });

  test('a day with 2 identifies left and 1 in reserve: one is granted, and a late answer of 900 does not raise it', async () => {
    const name = newName();
    const day = { total: 1_000, remaining: 2, reset_after: 60_000 };
    await using first = limiterOf(name, { reserve: 1, sessionStartLimit: day });
    const grant = await first.acquire(0, { signal });
    expect(await grant.commit()).toBe(true);
    await using second = limiterOf(name, { reserve: 1 });
    await second.tellBudget({ total: 1_000, remaining: 900, reset_after: 86_000_000 });
    expect(second.budget).toMatchObject({ total: 1_000, remaining: 1 });
    expect(second.budget?.resetAt).toBeLessThan(Date.now() + 61_000);
    let granted = false;
    const abort = new AbortController();
    const waiting = second.acquire(1, { signal: abort.signal }).then(
      () => (granted = true),
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, 2 * WINDOW_MS));
    expect(granted).toBe(false);
    abort.abort();
    await waiting;
  });

  test('a day that ends: what was spent is back', async () => {
    await using limiter = limiterOf(newName(), {
      sessionStartLimit: { total: 1_000, remaining: 0, reset_after: 1_500 },
    });
    const begun = performance.now();
    const grant = await limiter.acquire(0, { signal });
    expect(await grant.commit()).toBe(true);
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    await until(() => limiter.budget === null || limiter.budget.total === 1_000);
  });

  test('one shard that identifies again and again in two processes: 1 and 10 more at once, then it waits', async () => {
    const name = newName();
    const limiters = [limiterOf(name, { window: 0 }), limiterOf(name, { window: 0 })];
    let committed = 0;
    const abort = new AbortController();
    const burn = async () => {
      for (let index = 0; ; index += 1) {
        const grant = await (limiters[index % 2] as (typeof limiters)[0]).acquire(0, { signal: abort.signal });
        if (await grant.commit()) committed += 1;
      }
    };
    const burning = burn().catch(() => {});
    await until(() => committed === 11);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(committed).toBe(11);
    abort.abort();
    await burning;
    for (const limiter of limiters) await limiter.close();
  });

  test('a client of ioredis that was passed in is used, and stays open after close', async () => {
    const client = createIoRedis(redis.url);
    const limiter = limiterOf(newName(), { redis: client });
    expect(await (await limiter.acquire(0, { signal })).commit()).toBe(true);
    await limiter.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('Redis away: a shard waits, which is reported once; back and empty: it is granted', async () => {
    await using own = await RedisServer.start();
    await using limiter = limiterOf(newName(), { redis: own.url });
    await (await limiter.acquire(0, { signal })).commit();
    await own.kill();
    const waiting = limiter.acquire(1, { signal });
    await until(() => limiter.errors.length > 0);
    await own.start();
    expect(await (await waiting).commit()).toBe(true);
  });

  test.each([
    [{ redis: 'http://127.0.0.1' }, /`redis` must be a URL/],
    [{ redis: {} as never }, /`redis` must be a URL/],
    [{ name: 'a b' }, /`name` must be a name of letters/],
    [{ window: -1 }, /`window`/],
    [{ windw: 1 } as never, /Did you mean "window"/],
  ])('refuses %j', (options, message) => {
    expect(() => limiterOf(newName(), { redis: 'redis://x', ...options })).toThrow(message);
  });
});
