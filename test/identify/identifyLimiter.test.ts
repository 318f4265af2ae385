import { describe, expect, test } from 'vitest';
import { createIdentifyLimiter, ShardError } from '../../src/index.js';
import { describeIdentifyLimiter } from './identifyLimiter.conformance.js';

describeIdentifyLimiter('the identify limiter of one process', {
  create: createIdentifyLimiter,
  grantLifetimeMs: 5_000,
});

describe('an option of createIdentifyLimiter', () => {
  test.each([
    { maxConcurrency: 0 },
    { maxConcurrency: 1.5 },
    { maxConcurrency: Number.NaN },
    { window: -1 },
    { window: Infinity },
    { window: Number.NaN },
  ])('%o: INVALID_OPTION with the name of the option', (options) => {
    const [name = ''] = Object.keys(options);
    expect(() => createIdentifyLimiter(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) as string }),
    );
    expect(() => createIdentifyLimiter(options)).toThrow(ShardError);
  });

  test('window 0 grants every shard at once', async () => {
    const limiter = createIdentifyLimiter({ window: 0 });
    const { signal } = new AbortController();
    for (let shardId = 0; shardId < 5; shardId += 1) {
      expect(await (await limiter.acquire(shardId, { signal })).commit()).toBe(true);
    }
  });
});

test('nextAt is the end of the window while a shard waits, and null otherwise', async () => {
  const limiter = createIdentifyLimiter({ maxConcurrency: 2, window: 60_000 });
  const stop = new AbortController();
  const { signal } = stop;
  expect(limiter.nextAt).toBeNull();
  await (await limiter.acquire(0, { signal })).commit();
  expect(limiter.nextAt).toBeNull();
  const waiting = limiter.acquire(2, { signal }).catch(() => 'gone');
  const inMs = (limiter.nextAt ?? 0) - Date.now();
  expect(inMs).toBeGreaterThan(50_000);
  expect(inMs).toBeLessThanOrEqual(60_000 * 1.03);
  stop.abort();
  expect([await waiting, limiter.nextAt]).toEqual(['gone', null]);
});

describe('the budget of the day', () => {
  const { signal } = new AbortController();
  const day = { total: 1_000, remaining: 2, reset_after: 3_600_000 };

  test('is counted down by a commit, and not by a cancel', async () => {
    const limiter = createIdentifyLimiter({ window: 0, maxConcurrency: 4, sessionStartLimit: day });
    await (await limiter.acquire(0, { signal })).cancel();
    expect(limiter.budget?.remaining).toBe(2);
    expect(await (await limiter.acquire(1, { signal })).commit()).toBe(true);
    expect(limiter.budget).toMatchObject({ total: 1_000, remaining: 1 });
  });

  test('spent: a shard waits, and `identify.exhausted` comes once with the time of the reset', async () => {
    const exhausted: unknown[] = [];
    const limiter = createIdentifyLimiter({ window: 0, maxConcurrency: 4, sessionStartLimit: day, reserve: 1 });
    limiter.actor.on('identify.exhausted', (event) => exhausted.push(event));
    await (await limiter.acquire(0, { signal })).commit();
    const abort = new AbortController();
    const waiting = limiter.acquire(1, { signal: abort.signal });
    expect(limiter.waiting).toBe(1);
    expect(exhausted).toHaveLength(1);
    expect(Math.abs((limiter.budget?.resetAt ?? 0) - Date.now() - day.reset_after)).toBeLessThan(60_000);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(limiter.waiting).toBe(0);
  });

  test('a newer answer of GET /gateway/bot grants a shard that waits', async () => {
    const limiter = createIdentifyLimiter({ sessionStartLimit: { ...day, remaining: 0 } });
    const waiting = limiter.acquire(0, { signal });
    expect(limiter.waiting).toBe(1);
    limiter.tellBudget({ ...day, remaining: 5 });
    expect(await (await waiting).commit()).toBe(true);
    expect(limiter.budget?.remaining).toBe(4);
  });

  test.each([
    { sessionStartLimit: null },
    { sessionStartLimit: { total: 1, remaining: 1 } },
    { sessionStartLimit: { ...day, remaining: -1 } },
    { reserve: -1 },
    { reserve: 0.5 },
  ])('%o: INVALID_OPTION with the name of the option', (options) => {
    const [name = ''] = Object.keys(options);
    expect(() => createIdentifyLimiter(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) as string }),
    );
  });

  test('tellBudget({}) throws, and changes nothing', () => {
    const limiter = createIdentifyLimiter({ sessionStartLimit: day });
    expect(() => limiter.tellBudget({} as never)).toThrow(ShardError);
    expect(limiter.budget?.remaining).toBe(2);
  });
});
