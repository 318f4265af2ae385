import { describe, expect, test } from 'vitest';
import type { OwnershipEvent } from '../../machines/index.js';
import { checkChildPath, childPaths, walkPath } from './checkChild.js';
import type { ObservedStep } from './observer.js';
import { ownershipModel } from './ownershipModel.js';

const paths = childPaths(ownershipModel);

/** A shard and its events as the orders of its ownership leave them. */
class Shard {
  /** Where the lease is, as far as the ownership has heard. */
  lease: 'sure' | 'unsure' | 'lost' = 'sure';
  /** A shard that is `rising` resumes or identifies. */
  connection: 'none' | 'rising' | 'connected' = 'rising';
  isPublishing = true;
  isGone = false;
  readonly wrong: string[] = [];

  take({ event, frames, after }: ObservedStep): void {
    if (this.isGone && frames.length > 0) this.#object(`${frames.join()} after shard.gone`);
    this.#hear(event.type);
    for (const frame of frames) this.#obey(frame);
    if (this.lease === 'sure') return;
    if (this.isPublishing) this.#object(`publishes while the lease is ${this.lease}, in ${after.path}`);
    if (this.connection === 'rising') this.#object(`connects while the lease is ${this.lease}, in ${after.path}`);
  }

  #hear(type: string): void {
    if (type === 'lease.lost') this.lease = 'lost';
    if (type === 'lease.cut' && this.lease === 'sure') this.lease = 'unsure';
    if (type === 'lease.confirmed' && this.lease === 'unsure') this.lease = 'sure';
    if (type === 'shard.up' && this.connection === 'rising') this.connection = 'connected';
    // The shard's own chart resumes at once.
    if (type === 'shard.left' && this.connection === 'connected') this.connection = 'rising';
    if (type === 'shard.refused' || type === 'shard.closed') this.connection = 'none';
  }

  #obey(frame: string): void {
    if (frame === 'events.flow') this.isPublishing = true;
    if (frame === 'events.hold') this.isPublishing = false;
    if (frame === 'shard.open') {
      if (this.connection !== 'none') this.#object('shard.open while the shard is open');
      this.connection = 'rising';
    }
    if (['shard.sleep', 'shard.close', 'shard.drop'].includes(frame)) this.connection = 'none';
    if (frame === 'shard.gone') {
      this.isGone = true;
      if (this.connection !== 'none') this.#object(`shard.gone while it is ${this.connection}`);
      if (this.isPublishing) this.#object('shard.gone while it publishes');
    }
  }

  #object(what: string): void {
    this.wrong.push(what);
  }
}

test('on every path nothing is published and no connection is opened while the lease is cut or lost, and nothing follows shard.gone', () => {
  const shards = new Map<number, Shard>();
  let runs = 0;
  const check = {
    number: () => ++runs,
    observe: (step: ObservedStep, run: number) => {
      if (step.chart !== 'ownership') return;
      const shard = shards.get(run) ?? new Shard();
      shards.set(run, shard);
      shard.take(step);
    },
  };
  for (const path of paths) checkChildPath(ownershipModel, path, check);
  expect([...new Set([...shards.values()].flatMap(({ wrong }) => wrong))]).toEqual([]);
  // The runs lost the lease, and came to the end.
  expect([...shards.values()].filter(({ lease }) => lease === 'unsure').length).toBeGreaterThan(10);
  expect([...shards.values()].filter(({ isGone }) => isGone).length).toBeGreaterThan(10);
});

/** States in which an ownership stays while the outside is silent, and what leads on. Redis answers a beat, or the worker ends. */
const rests: Readonly<Record<string, readonly OwnershipEvent[]>> = {
  'Confirmed.raising': [{ type: 'shard.up' }],
  'Confirmed.up': [],
  'Unconfirmed.connected': [{ type: 'lease.confirmed', epoch: 2 }, { type: 'lease.lost' }],
  'Unconfirmed.asleep': [{ type: 'lease.confirmed', epoch: 2 }, { type: 'lease.lost' }],
  // A worker with a refused shard gives all of its shards away.
  Refused: [{ type: 'shard.give' }],
  Gone: [],
};

describe('an ownership hangs nowhere', () => {
  test('from every configuration time leads to Gone, or to a state that an answer of Redis or the worker ends', () => {
    const reached = new Set<string>();
    for (const path of paths) {
      const { child } = walkPath(ownershipModel, path);
      while (child.clock.nextAtMs !== null) child.wait();
      reached.add(child.path);
      expect(Object.keys(rests), path.state).toContain(child.path);
      child.stop();
    }
    expect([...reached].toSorted()).toEqual(Object.keys(rests).toSorted());
  });

  test.each(
    Object.entries(rests).flatMap(([state, events]) => events.map((event) => [state, event.type, event] as const)),
  )('in %s, %s leads on', (state, _type, event) => {
    for (const path of paths.filter((other) => other.state === state)) {
      const { child, perform } = walkPath(ownershipModel, path);
      perform(event);
      expect(child.path).not.toBe(state);
      child.stop();
    }
  });

  test('in every state but the last, lease.lost and shard.give end the ownership within two limits', () => {
    for (const path of paths.filter(({ state }) => state !== 'Gone')) {
      for (const type of ['lease.lost', 'shard.give'] as const) {
        const { child, perform } = walkPath(ownershipModel, path);
        perform({ type });
        const sinceMs = child.clock.now();
        while (child.clock.nextAtMs !== null) child.wait();
        expect(child.path, `${path.state} on ${type}`).toBe('Gone');
        expect(child.clock.now() - sinceMs).toBeLessThanOrEqual(2 * ownershipModel.input.limitMs);
        child.stop();
      }
    }
  });
});
