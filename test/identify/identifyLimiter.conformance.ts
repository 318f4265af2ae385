import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IdentifyGrant, IdentifyLimiter } from '../../src/index.js';

export interface ConformanceOptions {
  /** Creates an unused limiter. */
  readonly create: (options: { maxConcurrency: number; window: number }) => IdentifyLimiter;
  /** Time in which a grant must be committed, in milliseconds. */
  readonly grantLifetimeMs: number;
}

const WINDOW_MS = 5_000;
/** Longest time a limiter may add to the window. */
const SLACK_MS = 500;

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Tests for every identify limiter, in one process or between many. The limiter must run on the faked timers. */
export function describeIdentifyLimiter(name: string, { create, grantLifetimeMs }: ConformanceOptions): void {
  const signal = new AbortController().signal;

  /** A limiter, and the shards that got a grant, in order. */
  function start(maxConcurrency = 1) {
    const limiter = create({ maxConcurrency, window: WINDOW_MS });
    const granted: number[] = [];
    const refused: [number, unknown][] = [];
    const grants = new Map<number, IdentifyGrant>();
    const take = async (shardId: number, options: { signal: AbortSignal }) => {
      try {
        grants.set(shardId, await limiter.acquire(shardId, options));
        granted.push(shardId);
      } catch (error) {
        refused.push([shardId, error]);
      }
    };
    const ask = (shardId: number, options = { signal }) => void take(shardId, options);
    const grantOf = (shardId: number) => grants.get(shardId) as IdentifyGrant;
    return { limiter, ask, granted, refused, grantOf };
  }

  describe(name, () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    test('the first shard is granted at once', async () => {
      const { ask, granted } = start();
      ask(0);
      await pass(0);
      expect(granted).toEqual([0]);
    });

    test('one key: shards 2, 0, 1 are granted in the order they came, one a window', async () => {
      const { ask, granted, grantOf } = start();
      for (const shardId of [2, 0, 1]) ask(shardId);
      for (const [index, shardId] of [2, 0, 1].entries()) {
        await pass(0);
        expect(granted).toEqual([2, 0, 1].slice(0, index + 1));
        expect(await grantOf(shardId).commit()).toBe(true);
        await pass(WINDOW_MS - 1);
        expect(granted).toHaveLength(index + 1);
        await pass(SLACK_MS);
      }
    });

    test('four keys: four shards are granted at once, and no second one of a key within the window', async () => {
      const { ask, granted, grantOf } = start(4);
      for (let shardId = 0; shardId < 8; shardId += 1) ask(shardId);
      await pass(0);
      expect(granted).toEqual([0, 1, 2, 3]);
      for (const shardId of [0, 2]) await grantOf(shardId).commit();
      await pass(WINDOW_MS - 1);
      expect(granted).toEqual([0, 1, 2, 3]);
    });

    test('a commit 1 s before its grant expires starts the window then, not at the grant', async () => {
      const { ask, granted, grantOf } = start();
      ask(0);
      ask(1);
      await pass(grantLifetimeMs - 1_000);
      expect(await grantOf(0).commit()).toBe(true);
      await pass(WINDOW_MS - 1);
      expect(granted).toEqual([0]);
      await pass(SLACK_MS);
      expect(granted).toEqual([0, 1]);
    });

    test('a shard that comes 2 s after a commit waits for the other 3 s of the window', async () => {
      const { ask, granted, grantOf } = start();
      ask(0);
      await pass(0);
      await grantOf(0).commit();
      await pass(2_000);
      ask(1);
      await pass(WINDOW_MS - 2_001);
      expect(granted).toEqual([0]);
      await pass(SLACK_MS);
      expect(granted).toEqual([0, 1]);
    });

    test('a cancelled grant frees its key at once', async () => {
      const { ask, granted, grantOf } = start();
      ask(0);
      ask(1);
      await pass(0);
      await grantOf(0).cancel();
      await pass(0);
      expect(granted).toEqual([0, 1]);
    });

    test('a second commit of a grant returns false, and a cancel after it frees nothing', async () => {
      const { ask, granted, grantOf } = start();
      ask(0);
      ask(1);
      await pass(0);
      expect(await grantOf(0).commit()).toBe(true);
      expect(await grantOf(0).commit()).toBe(false);
      await grantOf(0).cancel();
      await pass(1_000);
      expect(granted).toEqual([0]);
    });

    test('a commit of a cancelled grant returns false', async () => {
      const { ask, grantOf } = start();
      ask(0);
      await pass(0);
      await grantOf(0).cancel();
      expect(await grantOf(0).commit()).toBe(false);
    });

    test('a signal aborted before acquire: rejects with its reason', async () => {
      const { ask, granted, refused } = start();
      const reason = new Error('too late');
      ask(0, { signal: AbortSignal.abort(reason) });
      ask(1);
      await pass(0);
      expect(refused).toEqual([[0, reason]]);
      expect(granted).toEqual([1]);
    });

    test('a signal aborted in the queue: rejects at once, and shards behind it move up', async () => {
      const { ask, granted, refused, grantOf } = start();
      const abort = new AbortController();
      const reason = new Error('socket lost');
      ask(0);
      ask(1, { signal: abort.signal });
      ask(2);
      await pass(0);
      abort.abort(reason);
      await pass(0);
      expect(refused).toEqual([[1, reason]]);
      await grantOf(0).commit();
      await pass(WINDOW_MS + SLACK_MS);
      expect(granted).toEqual([0, 2]);
    });

    test('a signal aborted during the window: rejects at once, not at its end', async () => {
      const { ask, granted, refused, grantOf } = start();
      const abort = new AbortController();
      ask(0);
      await pass(0);
      await grantOf(0).commit();
      ask(1, { signal: abort.signal });
      await pass(1_000);
      abort.abort(new Error('socket lost'));
      await pass(0);
      expect(refused.map(([shardId]) => shardId)).toEqual([1]);
      ask(2);
      await pass(WINDOW_MS + SLACK_MS);
      expect(granted).toEqual([0, 2]);
    });

    test('a signal aborted after the grant: commit still returns true', async () => {
      const { ask, grantOf, refused } = start();
      const abort = new AbortController();
      ask(0, { signal: abort.signal });
      await pass(0);
      abort.abort();
      await pass(0);
      expect(refused).toEqual([]);
      expect(await grantOf(0).commit()).toBe(true);
    });

    test('a grant that is not committed in time expires: the next shard is granted, and the old commit returns false', async () => {
      const { ask, granted, grantOf } = start();
      ask(0);
      ask(1);
      await pass(grantLifetimeMs - 1);
      expect(granted).toEqual([0]);
      await pass(SLACK_MS);
      expect(granted).toEqual([0, 1]);
      expect(await grantOf(0).commit()).toBe(false);
      await grantOf(0).cancel();
      expect(await grantOf(1).commit()).toBe(true);
    });

    test('a commit of an expired grant returns false while no shard waits too', async () => {
      const { ask, grantOf } = start();
      ask(0);
      await pass(grantLifetimeMs + SLACK_MS);
      expect(await grantOf(0).commit()).toBe(false);
    });

    test('twelve grants committed, cancelled or left: no two commits within a window', async () => {
      const { ask, granted, grantOf } = start();
      const committedAt: number[] = [];
      for (let shardId = 0; shardId < 12; shardId += 1) ask(shardId);
      let handled = 0;
      for (let waited = 0; waited < 120_000 && handled < 12; waited += 250) {
        await pass(250);
        for (const shardId of granted.slice(handled)) {
          handled += 1;
          if (shardId % 3 === 0) await grantOf(shardId).cancel();
          else if (shardId % 3 === 1 && (await grantOf(shardId).commit())) committedAt.push(performance.now());
        }
      }
      expect(granted).toEqual(Array.from({ length: 12 }, (_, shardId) => shardId));
      for (let index = 1; index < committedAt.length; index += 1) {
        expect((committedAt[index] as number) - (committedAt[index - 1] as number)).toBeGreaterThanOrEqual(WINDOW_MS);
      }
    });
  });
}
