import * as fc from 'fast-check';
import { createActor, SimulatedClock, type Actor } from 'xstate';
import { describe, expect, test } from 'vitest';
import { ownershipMachine, type OwnershipEvent } from '../../machines/index.js';

const TTL_MS = 3_000;

function own(events: readonly OwnershipEvent['type'][] = [], clock = new SimulatedClock()) {
  const orders: string[] = [];
  const actor = createActor(ownershipMachine, { clock, input: { key: '1:0', epoch: 1, limitMs: 5_000 } });
  actor.on('*', ({ type }) => orders.push(type));
  actor.start();
  const send = (type: OwnershipEvent['type']) =>
    actor.send((type === 'lease.confirmed' ? { type, epoch: 1 } : { type }) as never);
  for (const event of events) send(event);
  return { actor, orders, send, clock };
}

/** All that the outside can say, in any order. */
const anything = fc.array(
  fc.constantFrom<OwnershipEvent['type'][]>(
    'lease.confirmed',
    'lease.cut',
    'lease.lost',
    'shard.up',
    'shard.left',
    'shard.refused',
    'shard.closed',
    'shard.missed',
    'shard.give',
    'shard.released',
  ),
  { maxLength: 30 },
);

describe('an ownership, whatever comes', () => {
  test('between lease.cut and lease.confirmed nothing is published, and no connection is opened', () => {
    fc.assert(
      fc.property(anything, (events) => {
        const { orders, send } = own();
        let isCut = false;
        for (const event of events) {
          orders.length = 0;
          if (event === 'lease.cut') isCut = true;
          if (event === 'lease.confirmed') isCut = false;
          send(event);
          if (isCut) expect(orders.filter((order) => order === 'events.flow' || order === 'shard.open')).toEqual([]);
        }
      }),
    );
  });

  test('shard.gone is the last order, and a shard that was lost neither opens nor publishes again', () => {
    fc.assert(
      fc.property(anything, (events) => {
        const { orders, send } = own();
        let isLost = false;
        for (const event of events) {
          const isGone = orders.includes('shard.gone');
          const before = orders.length;
          send(event);
          const added = orders.slice(before);
          if (isGone) expect(added).toEqual([]);
          if (isLost) expect(added.filter((order) => order !== 'shard.gone')).toEqual([]);
          isLost ||= event === 'lease.lost';
        }
      }),
    );
  });

  test('a shard that is to go is gone within two limits, whatever else is silent', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom('shard.give' as const, 'lease.lost' as const), (events, last) => {
        const { actor, send, clock } = own(events);
        send(last);
        clock.increment(5_000);
        clock.increment(5_000);
        expect(actor.getSnapshot().status).toBe('done');
      }),
    );
  });
});

/** A worker that may be paused, with the shard it believes to own. */
interface Worker {
  isPaused: boolean;
  isCut: boolean;
  validUntil: number;
  ownership: Actor<typeof ownershipMachine> | null;
}

/** Three workers and a Redis that says whose the shard is, by the rules of the lease. */
class World {
  readonly workers: Worker[] = [0, 1, 2].map(() => ({ isPaused: false, isCut: false, validUntil: 0, ownership: null }));
  readonly #leases = [0, 0, 0];
  #owner: number | null = null;
  #epoch = 0;
  #now = 0;
  isReachable = true;

  wait(ms: number): void {
    this.#now += ms;
    this.workers.forEach((worker) => this.#check(worker));
  }

  beat(at: number): void {
    const worker = this.workers[at] as Worker;
    if (worker.isPaused || !this.isReachable) return;
    this.#leases[at] = this.#now + TTL_MS;
    const isFree = this.#owner === null || (this.#leases[this.#owner] as number) <= this.#now;
    if (isFree) {
      this.#owner = at;
      this.#epoch += 1;
    }
    worker.validUntil = this.#now + TTL_MS;
    worker.isCut = false;
    if (this.#owner !== at) return worker.ownership?.send({ type: 'lease.lost' });
    if (worker.ownership?.getSnapshot().status === 'active') {
      return worker.ownership.send({ type: 'lease.confirmed', epoch: this.#epoch });
    }
    const input = { key: '1:0', epoch: this.#epoch, limitMs: 5_000 };
    worker.ownership = createActor(ownershipMachine, { clock: new SimulatedClock(), input });
    worker.ownership.start();
    worker.ownership.send({ type: 'shard.up' });
  }

  tell(at: number, type: 'shard.up' | 'shard.left' | 'shard.closed'): void {
    const worker = this.workers[at] as Worker;
    if (worker.isPaused) return;
    this.#check(worker);
    worker.ownership?.send({ type });
  }

  /** Workers that act for the shard now. */
  get acting(): number {
    return this.workers.filter(({ isPaused, ownership }) => {
      const snapshot = ownership?.getSnapshot();
      return !isPaused && snapshot?.status === 'active' && snapshot.matches('Confirmed');
    }).length;
  }

  /** A process looks at its lease before it does anything else. */
  #check(worker: Worker): void {
    if (worker.isPaused || worker.isCut || this.#now < worker.validUntil) return;
    worker.isCut = true;
    worker.ownership?.send({ type: 'lease.cut' });
  }
}

const worker = fc.nat(2);
const step = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ do: fc.constant('beat' as const), worker }),
  fc.record({ do: fc.constantFrom('pause' as const, 'wake' as const), worker }),
  fc.record({ do: fc.constantFrom('up' as const, 'left' as const, 'closed' as const), worker }),
  fc.record({ do: fc.constant('reach' as const), isReachable: fc.boolean() }),
);

test('never two workers act for one shard, however they and Redis are paused', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const next of steps) {
        if (next.do === 'wait') world.wait(next.ms);
        else if (next.do === 'beat') world.beat(next.worker);
        else if (next.do === 'pause') (world.workers[next.worker] as Worker).isPaused = true;
        else if (next.do === 'wake') {
          (world.workers[next.worker] as Worker).isPaused = false;
          world.wait(0);
        } else if (next.do === 'reach') world.isReachable = next.isReachable;
        else world.tell(next.worker, `shard.${next.do}`);
        expect(world.acting).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 500 },
  );
});
