import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifyQueueMachine, type IdentifyQueueInput } from '../../machines/index.js';
import { Child } from '../model/child.js';

const WINDOW_MS = 5_000;
const HOUR_MS = 3_600_000;

const ids = (tickets: readonly { readonly id: number }[]) => tickets.map(({ id }) => id);

function startQueue(input: Partial<IdentifyQueueInput> = {}) {
  const queue = new Child(identifyQueueMachine, {
    maxConcurrency: 1,
    windowMs: WINDOW_MS,
    grantLifetimeMs: 4_000,
    reserve: 0,
    ...input,
  });
  return {
    queue,
    join: (id: number, shardId = id) => queue.tell({ type: 'queue.join', ticket: { id, shardId } }),
    commit: (id: number) => queue.tell({ type: 'grant.commit', id }),
    told: (remaining: number, total = 1_000) =>
      queue.tell({ type: 'budget.told', budget: { total, remaining, resetAfterMs: HOUR_MS } }),
    granted: () => ids(queue.snapshot.context.granted),
    waiting: () => ids(queue.snapshot.context.waiting),
    left: () => queue.snapshot.context.budget?.remaining,
  };
}

describe('the keys', () => {
  test('max_concurrency shards go at once, the first of each key, in the order they came', () => {
    const { join, granted, waiting } = startQueue({ maxConcurrency: 4 });
    for (const shardId of [5, 1, 0, 2, 3, 4, 6, 7]) join(shardId);
    expect(granted()).toEqual([5, 0, 2, 3]);
    expect(waiting()).toEqual([1, 4, 6, 7]);
  });

  test('a window of one key holds up no other', () => {
    const { queue, join, commit, granted } = startQueue({ maxConcurrency: 2 });
    for (const shardId of [0, 1, 2, 3]) join(shardId);
    commit(0);
    queue.clock.increment(1_000);
    commit(1);
    queue.clock.increment(WINDOW_MS - 1_000);
    expect(granted()).toEqual([2]);
    queue.clock.increment(1_000);
    expect(granted()).toEqual([2, 3]);
  });
});

describe('another max_concurrency', () => {
  test('16 instead of 1: 15 shards that waited are granted at once, beside the one whose window has not passed', () => {
    const { queue, join, commit, granted, waiting } = startQueue();
    for (let shardId = 0; shardId < 17; shardId += 1) join(shardId);
    commit(0);
    queue.tell({ type: 'concurrency.told', maxConcurrency: 16 });
    expect(granted()).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    expect(waiting()).toEqual([16]);
    queue.clock.increment(WINDOW_MS);
    expect(granted()).toContain(16);
  });

  test('1 instead of 4: the turns that were given are taken back, and the next waits for every window', () => {
    const { queue, join, commit, granted } = startQueue({ maxConcurrency: 4 });
    for (let shardId = 0; shardId < 4; shardId += 1) join(shardId);
    commit(2);
    queue.tell({ type: 'concurrency.told', maxConcurrency: 1 });
    expect(granted()).toEqual([]);
    join(5);
    queue.clock.increment(WINDOW_MS - 1);
    expect(granted()).toEqual([]);
    queue.clock.increment(1);
    expect(granted()).toEqual([5]);
  });

  test('the same number takes no turn back', () => {
    const { queue, join, granted } = startQueue({ maxConcurrency: 2 });
    join(0);
    queue.tell({ type: 'concurrency.told', maxConcurrency: 2 });
    expect(granted()).toEqual([0]);
  });
});

describe('the budget of the day', () => {
  test('10 left and 12 shards: 10 identify, 2 wait until it is renewed', () => {
    const { queue, join, commit, told, granted, waiting, left } = startQueue({ maxConcurrency: 12 });
    told(10);
    for (let id = 0; id < 12; id += 1) join(id);
    expect(granted()).toHaveLength(10);
    for (const id of granted()) commit(id);
    expect(left()).toBe(0);
    expect(waiting()).toEqual([10, 11]);
    expect(queue.path).toBe('exhausted');
    queue.clock.increment(HOUR_MS - 1);
    expect(waiting()).toEqual([10, 11]);
    queue.clock.increment(1);
    expect(granted()).toEqual([10, 11]);
    expect(queue.path).toBe('serving');
  });

  test('the reserve is left alone', () => {
    const { join, commit, told, granted, waiting, left } = startQueue({ maxConcurrency: 9, reserve: 3 });
    told(5);
    for (let id = 0; id < 4; id += 1) join(id);
    expect(granted()).toEqual([0, 1]);
    commit(0);
    commit(1);
    expect([left(), waiting()]).toEqual([3, [2, 3]]);
  });

  test('a turn that was given is worth nothing once another process has spent the rest', () => {
    const { queue, join, commit, told, granted, left } = startQueue();
    told(2);
    join(1);
    expect(granted()).toEqual([1]);
    told(0);
    expect(queue.snapshot.can({ type: 'grant.commit', id: 1 })).toBe(false);
    commit(1);
    expect(left()).toBe(0);
  });

  test('a newer answer counts from when it was told: an older renewal is not waited for', () => {
    const { queue, told, left } = startQueue();
    told(0, 10);
    queue.clock.increment(HOUR_MS - 1_000);
    told(0, 10);
    queue.clock.increment(1_000);
    expect(left()).toBe(0);
    queue.clock.increment(HOUR_MS - 1_000);
    expect(left()).toBe(10);
  });
});

test('any order of asks, uses and returns: one identify a key and window, and none beyond the budget', () => {
  const stride = fc.oneof(
    { weight: 4, arbitrary: fc.record({ join: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ use: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ giveBack: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.record({ ms: fc.constantFrom(100, 1_000, 5_000, 30_000) }) },
    { weight: 1, arbitrary: fc.record({ budget: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ concurrency: fc.integer({ min: 1, max: 4 }) }) },
  );
  fc.assert(
    fc.property(
      fc.array(stride, { maxLength: 120, size: 'max' }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(3),
      (strides, input, reserve) => {
        let maxConcurrency = input;
        const { queue, join, commit, told, granted, waiting, left } = startQueue({ maxConcurrency: input, reserve });
        const shardOf = new Map<number, number>();
        const usedAt = new Map<number, number>();
        for (const next of strides) {
          if ('join' in next) {
            const id = shardOf.size + 1;
            shardOf.set(id, next.join);
            join(id, next.join);
          } else if ('use' in next) {
            const id = granted()[next.use];
            if (id === undefined) continue;
            const shardId = shardOf.get(id) as number;
            const now = queue.clock.now();
            const ofKey = [...usedAt].filter(([other]) => other % maxConcurrency === shardId % maxConcurrency);
            expect(now - Math.max(-Infinity, ...ofKey.map(([, at]) => at))).toBeGreaterThanOrEqual(WINDOW_MS);
            if (left() !== undefined) expect(left()).toBeGreaterThan(reserve);
            usedAt.set(shardId, now);
            commit(id);
          } else if ('giveBack' in next) {
            const id = granted()[next.giveBack];
            if (id !== undefined) queue.tell({ type: 'grant.cancel', id });
          } else if ('leave' in next) {
            const id = waiting()[next.leave];
            if (id === undefined) continue;
            queue.tell({ type: 'queue.leave', id });
          } else if ('concurrency' in next) {
            maxConcurrency = next.concurrency;
            queue.tell({ type: 'concurrency.told', maxConcurrency });
          } else if ('budget' in next) told(next.budget);
          else queue.clock.increment(next.ms);
          expect(queue.violations).toEqual([]);
          const keys = granted().map((id) => (shardOf.get(id) as number) % maxConcurrency);
          expect(new Set(keys).size).toBe(keys.length);
        }
        queue.stop();
      },
    ),
    { numRuns: 200 },
  );
});
