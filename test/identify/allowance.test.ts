import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdentifyLimiter, createMemorySessionStore, type IdentifyRecord } from '../../src/index.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_796_000_000_000 }));
afterEach(() => void vi.useRealTimers());

type Limiter = ReturnType<typeof createIdentifyLimiter>;

/** Identifies again and again until the time is over, as after READY, ack and 4009. Returns when each IDENTIFY left. */
async function loop(limiter: Limiter, shardId: number, untilMs: number, pauseMs = 6_000): Promise<number[]> {
  const at: number[] = [];
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('over')), untilMs - Date.now());
  const run = async () => {
    for (;;) {
      const grant = await limiter.acquire(shardId, { signal: abort.signal });
      if (await grant.commit()) at.push(Date.now());
      await new Promise((resolve) => void setTimeout(resolve, pauseMs));
    }
  };
  await Promise.race([run().catch(() => {}), vi.advanceTimersByTimeAsync(untilMs - Date.now())]);
  return at;
}

/** The most identifies in any 24 hours. */
const mostInADay = (at: readonly number[]) =>
  Math.max(0, ...at.map((from) => at.filter((other) => other >= from && other < from + DAY_MS).length));

describe('the allowance for identifies', () => {
  test('a shard that loses its session after each READY identifies 11 times at once and then about each 90 s', async () => {
    const at = await loop(createIdentifyLimiter({ window: 0 }), 0, Date.now() + 10 * MINUTE_MS, 1_000);
    const first = at[0] ?? Number.NaN;
    expect(at.filter((time) => time < first + 30_000)).toHaveLength(11);
    expect(at.length).toBeGreaterThanOrEqual(16);
    expect(at.length).toBeLessThanOrEqual(18);
  });

  test('a simulated day of READY, ack, 4009: one shard never identifies more often than 1 000 times in 24 h', async () => {
    const at = await loop(createIdentifyLimiter({ window: 0 }), 0, Date.now() + 2 * DAY_MS);
    expect(mostInADay(at)).toBeGreaterThan(900);
    expect(mostInADay(at)).toBeLessThanOrEqual(1_000);
  });

  test('100 shards of one limiter that lose their sessions again and again share the day', async () => {
    const limiter = createIdentifyLimiter({ window: 0, maxConcurrency: 16 });
    const end = Date.now() + DAY_MS;
    const all = await Promise.all(Array.from({ length: 100 }, (_, shardId) => loop(limiter, shardId, end)));
    const at = all.flat();
    expect(new Set(all.map(({ length }) => length > 0))).toEqual(new Set([true]));
    expect(at.length).toBeGreaterThan(700);
    expect(at.length).toBeLessThanOrEqual(1_000);
  });

  test("Discord's own day is kept: 40 identifies of 40, however many shards ask", async () => {
    const limit = { total: 40, remaining: 40, reset_after: 2 * DAY_MS };
    const limiter = createIdentifyLimiter({ window: 0, sessionStartLimit: limit });
    const end = Date.now() + DAY_MS;
    const all = await Promise.all([0, 1, 2].map((shardId) => loop(limiter, shardId, end)));
    expect(all.flat().length).toBeGreaterThan(30);
    expect(all.flat().length).toBeLessThanOrEqual(40);
  });

  test('64 first identifies at max_concurrency 16 wait for their windows alone: 20 s', async () => {
    const limiter = createIdentifyLimiter({ maxConcurrency: 16 });
    const begun = Date.now();
    const { signal } = new AbortController();
    const went = Array.from({ length: 64 }, async (_, shardId) => {
      await (await limiter.acquire(shardId, { signal })).commit();
      return Date.now() - begun;
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(Math.max(...(await Promise.all(went)))).toBeLessThan(20_000);
  });

  test('a shard that waits for a permit holds up no first identify of another one', async () => {
    const limiter = createIdentifyLimiter({ window: 0 });
    await loop(limiter, 0, Date.now() + 30_000, 100);
    const { signal } = new AbortController();
    limiter.acquire(0, { signal }).catch(() => {});
    expect(limiter.waiting).toBe(1);
    const other = await limiter.acquire(1, { signal });
    expect(await other.commit()).toBe(true);
    expect(limiter.waiting).toBe(1);
  });

  test('allowance.exhausted comes with the time of the next permit, and allowance.renewed once it is back', async () => {
    const limiter = createIdentifyLimiter({ window: 0 });
    const heard: string[] = [];
    limiter.allowance.on('allowance.exhausted', () =>
      heard.push(`exhausted for ${Math.round(((limiter.nextAt ?? 0) - Date.now()) / 1_000)} s`),
    );
    limiter.allowance.on('allowance.renewed', () => heard.push('renewed'));
    const at = await loop(limiter, 0, Date.now() + 100_000, 1_000);
    expect(at).toHaveLength(12);
    expect(heard.slice(0, 2)).toEqual(['exhausted for 77 s', 'renewed']);
  });

  test('a grant that is given back costs nothing', async () => {
    const limiter = createIdentifyLimiter({ window: 0 });
    const { signal } = new AbortController();
    for (let round = 0; round < 50; round += 1) await (await limiter.acquire(0, { signal })).cancel();
    expect(await (await limiter.acquire(0, { signal })).commit()).toBe(true);
    expect(limiter.allowance.getSnapshot().context).toMatchObject({ used: 1, held: [], waiting: [] });
  });
});

describe('the allowance with a session store', () => {
  test('500 restarts a day, each with three identifies: never more than 1 000 in 24 h', async () => {
    const sessionStore = createMemorySessionStore();
    const at: number[] = [];
    const life = DAY_MS / 500;
    for (let restart = 0; restart < 700; restart += 1) {
      const limiter = createIdentifyLimiter({ window: 0, sessionStore });
      at.push(...(await loop(limiter, 0, Date.now() + life, life / 4)));
      // The process is gone, and its timers with it.
      limiter.actor.stop();
      limiter.allowance.stop();
    }
    expect(mostInADay(at)).toBeLessThanOrEqual(1_000);
    expect(mostInADay(at)).toBeGreaterThan(900);
  });

  test('a restart does not bring permits back: the first identify passes, the second waits', async () => {
    const sessionStore = createMemorySessionStore();
    await loop(createIdentifyLimiter({ window: 0, sessionStore }), 0, Date.now() + 30_000, 100);
    const limiter = createIdentifyLimiter({ window: 0, sessionStore });
    const at = await loop(limiter, 0, Date.now() + 30_000, 100);
    expect(at).toHaveLength(1);
  });

  test('the record is stored before IDENTIFY leaves', async () => {
    const stored: IdentifyRecord[] = [];
    const abort = new AbortController();
    const written = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
    const sessionStore = {
      getIdentifies: () => null,
      setIdentifies: (record: IdentifyRecord) => {
        stored.push(record);
        return written;
      },
    };
    const limiter = createIdentifyLimiter({ sessionStore });
    const grant = await limiter.acquire(0, { signal: new AbortController().signal });
    let isCommitted = false;
    const commit = Promise.resolve(grant.commit()).then(() => (isCommitted = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isCommitted).toBe(false);
    expect(stored).toMatchObject([{ hours: [[expect.any(Number), 1]], spare: 10 }]);
    abort.abort();
    await commit;
  });

  test.each([
    ['throws', () => Promise.reject(new Error('no disk')), /no disk/],
    ['has something else', () => ({ hours: 'many' }), /is not one/],
    ['never answers', () => new Promise<never>(() => {}), /No answer in 10000 ms/],
  ])('a store that %s is reported, and the shard identifies', async (_, getIdentifies, message) => {
    const errors: string[] = [];
    const limiter = createIdentifyLimiter({
      sessionStore: { getIdentifies: getIdentifies as never },
      onError: (text) => errors.push(text),
    });
    const signal = new AbortController().signal;
    const identified = limiter.acquire(0, { signal }).then((grant) => grant.commit());
    await vi.advanceTimersByTimeAsync(10_001);
    expect(await identified).toBe(true);
    expect(errors.join()).toMatch(message);
  });

  test('a store that does not save holds IDENTIFY up for 2 s at most', async () => {
    const errors: string[] = [];
    const limiter = createIdentifyLimiter({
      sessionStore: { setIdentifies: () => new Promise<never>(() => {}) },
      onError: (text) => errors.push(text),
    });
    const grant = await limiter.acquire(0, { signal: new AbortController().signal });
    const commit = grant.commit();
    await vi.advanceTimersByTimeAsync(2_001);
    expect(await commit).toBe(true);
    expect(errors).toHaveLength(1);
  });
});
