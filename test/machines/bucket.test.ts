import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor, SimulatedClock, setup, type ActorRefFrom } from 'xstate';
import { bucketMachine, type BucketEvent, type BucketReport } from '../../machines/bucket.js';

interface Leaving {
  readonly at: number;
  readonly id: number;
  readonly presence: boolean;
}

/** A bucket with a parent that writes down what leaves and when. */
function startBucket() {
  const clock = new SimulatedClock();
  const left: Leaving[] = [];
  const parent = setup({
    types: { events: {} as BucketReport },
    actors: { bucket: bucketMachine },
    actions: {
      note: (_, { ticket }: BucketReport) => left.push({ at: clock.now(), id: ticket.id, presence: ticket.presence }),
    },
  }).createMachine({
    invoke: { id: 'bucket', src: 'bucket' },
    on: { 'bucket.granted': { actions: { type: 'note', params: ({ event }) => event } } },
  });
  const actor = createActor(parent, { clock }).start();
  const bucket = actor.getSnapshot().children['bucket'] as ActorRefFrom<typeof bucketMachine>;
  const tell = (...events: BucketEvent[]) => {
    for (const event of events) bucket.send(event);
  };
  const queue = (id: number, { priority = false, presence = false } = {}) =>
    tell({ type: 'bucket.queue', ticket: { id, priority, presence } });
  const tick = (ms: number, step = 500) => {
    for (let passed = 0; passed < ms; passed += step) clock.increment(Math.min(step, ms - passed));
  };
  const take = () => left.splice(0).map(({ id }) => id);
  return { left, tell, queue, tick, take, bucket, clock, parent: actor };
}

/** The most that left within any window of this length. */
function slidingMaximum(times: readonly number[], windowMs: number): number {
  let first = 0;
  let most = 0;
  times.forEach((time, index) => {
    while (time - (times[first] as number) > windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

const arrivals = fc.array(
  fc.record({
    wait: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90_000 })),
    burst: fc.integer({ min: 1, max: 15 }),
    presence: fc.boolean(),
    priority: fc.boolean(),
  }),
  { maxLength: 15 },
);

describe('the limit', () => {
  test('never more than the capacity in any 60 s nor 5 presences in any 20 s, whenever payloads come', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 12 }), (bursts, capacity) => {
        const { tell, queue, tick, left, parent } = startBucket();
        tell({ type: 'bucket.open', capacity });
        let id = 0;
        for (const { wait, burst, presence, priority } of bursts) {
          tick(wait);
          for (let count = 0; count < burst; count += 1) queue(++id, { presence, priority });
        }
        // A queue drains at no less than one payload a window.
        tick(Math.ceil(id / Math.min(capacity, 5)) * 61_000 + 61_000, 1_000);
        parent.stop();
        expect(left.map((leaving) => leaving.id).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: id }, (_, index) => index + 1),
        );
        const all = left.map(({ at }) => at);
        const presences = left.filter(({ presence }) => presence).map(({ at }) => at);
        expect(slidingMaximum(all, 60_000)).toBeLessThanOrEqual(capacity);
        expect(slidingMaximum(presences, 20_000)).toBeLessThanOrEqual(5);
      }),
      { numRuns: 60 },
    );
  });

  test('235 sends in a minute, as from a window that refills all at once, cannot happen', () => {
    const { tell, queue, tick, left } = startBucket();
    tell({ type: 'bucket.open', capacity: 110 });
    tick(59_000);
    for (let id = 0; id < 500; id += 1) queue(id);
    tick(10_000);
    expect(left).toHaveLength(110);
    tick(51_000);
    expect(left).toHaveLength(220);
    expect(
      slidingMaximum(
        left.map(({ at }) => at),
        60_000,
      ),
    ).toBe(110);
  });

  test('a capacity of 0 still lets one leave, and never loops', () => {
    const { tell, queue, tick, take, bucket } = startBucket();
    tell({ type: 'bucket.open', capacity: 0 });
    expect(bucket.getSnapshot().context.capacity).toBe(1);
    for (const id of [1, 2]) queue(id);
    expect(take()).toEqual([1]);
    tick(61_000);
    expect(take()).toEqual([2]);
    expect(bucket.getSnapshot().status).toBe('active');
  });

  test.each([-3, 0.5, 1.9])('a capacity of %d is a whole number from 1', (capacity) => {
    const { tell, bucket } = startBucket();
    tell({ type: 'bucket.open', capacity });
    expect(bucket.getSnapshot().context.capacity).toBe(1);
  });
});

describe('the order', () => {
  test('priority goes first and keeps its own order, then all others in the order they came', () => {
    const { tell, queue, take } = startBucket();
    queue(1);
    queue(2);
    queue(3, { priority: true });
    queue(4, { priority: true });
    queue(5);
    tell({ type: 'bucket.open', capacity: 100 });
    expect(take()).toEqual([3, 4, 1, 2, 5]);
  });

  test('a presence that must wait lets the others pass', () => {
    const { tell, queue, tick, take } = startBucket();
    tell({ type: 'bucket.open', capacity: 100 });
    for (let id = 1; id <= 7; id += 1) queue(id, { presence: true });
    queue(8);
    expect(take()).toEqual([1, 2, 3, 4, 5, 8]);
    tick(20_000);
    expect(take()).toEqual([]);
    tick(1_000);
    expect(take()).toEqual([6, 7]);
  });

  test('a ticket that is withdrawn while it waits is never granted', () => {
    const { tell, queue, take } = startBucket();
    for (const id of [1, 2, 3]) queue(id);
    tell({ type: 'bucket.cancel', id: 2 }, { type: 'bucket.cancel', id: 99 }, { type: 'bucket.open', capacity: 10 });
    expect(take()).toEqual([1, 3]);
  });

  test('a ticket that comes back is first again', () => {
    const { tell, queue, take } = startBucket();
    for (const id of [2, 3]) queue(id);
    queue(1);
    tell({ type: 'bucket.open', capacity: 10 });
    expect(take()).toEqual([1, 2, 3]);
  });

  test('tickets that come back together leave in the order they were sent in', () => {
    const { tell, queue, take } = startBucket();
    queue(3);
    for (const id of [1, 2]) queue(id);
    tell({ type: 'bucket.open', capacity: 10 });
    expect(take()).toEqual([1, 2, 3]);
  });
});

describe('the connection', () => {
  test('no ticket is granted before the bucket is open, or after it was closed', () => {
    const { tell, queue, take } = startBucket();
    queue(1);
    expect(take()).toEqual([]);
    tell({ type: 'bucket.open', capacity: 5 });
    expect(take()).toEqual([1]);
    tell({ type: 'bucket.close' });
    queue(2);
    expect(take()).toEqual([]);
  });

  test('the queue survives the connection, the permits do not', () => {
    const { tell, queue, take, bucket } = startBucket();
    tell({ type: 'bucket.open', capacity: 2 });
    for (const id of [1, 2, 3, 4]) queue(id);
    expect(take()).toEqual([1, 2]);
    tell({ type: 'bucket.close' });
    expect(bucket.getSnapshot().context).toMatchObject({ capacity: 0, free: [], freePresence: [] });
    tell({ type: 'bucket.open', capacity: 3 });
    expect(take()).toEqual([3, 4]);
  });

  test('a permit of the last connection never comes back into the next', () => {
    const { tell, queue, tick, take } = startBucket();
    tell({ type: 'bucket.open', capacity: 2 });
    for (const id of [1, 2]) queue(id, { presence: true });
    tick(30_000);
    tell({ type: 'bucket.close' }, { type: 'bucket.open', capacity: 2 });
    for (const id of [3, 4, 5]) queue(id);
    expect(take()).toEqual([1, 2, 3, 4]);
    tick(40_000);
    expect(take()).toEqual([]);
    tick(21_000);
    expect(take()).toEqual([5]);
  });

  test('no permit timer is left after close', () => {
    const { tell, queue, bucket, tick } = startBucket();
    tell({ type: 'bucket.open', capacity: 50 });
    for (let id = 0; id < 40; id += 1) queue(id, { presence: id < 5 });
    tell({ type: 'bucket.close' });
    const events: string[] = [];
    bucket.system.inspect((inspected) => {
      if (inspected.type === '@xstate.event') events.push(inspected.event.type);
    });
    tick(120_000);
    expect(events).toEqual([]);
  });
});
