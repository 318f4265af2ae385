import type { ChartStart } from '../shard/steps.js';
import { restore, step } from './pureChart.js';
import type { Life } from './encode.js';
import type { ReplayRecord } from './record.js';

/** Numbers the lives in one run: one for each source and shard id, and another when a source has replaced its shard. */
export class Lives {
  #count = 0;
  #lives = new WeakMap<object, Map<number, Life>>();

  /** Returns the life that a record belongs to. */
  of(source: object, { shardId, start }: ReplayRecord): Life {
    let shards = this.#lives.get(source);
    if (shards === undefined) this.#lives.set(source, (shards = new Map<number, Life>()));
    let life = shards.get(shardId);
    if (life === undefined || (life.hasBegun && start !== undefined && isNewborn(start))) {
      this.#count += 1;
      shards.set(shardId, (life = { number: this.#count, hasBegun: false }));
    }
    return life;
  }

  /** Forgets a source that was detached: its later records may be missed. */
  forget(source: object): void {
    this.#lives.delete(source);
  }

  /** Ends all lives: records of any shard may have been lost. */
  interrupt(): void {
    this.#lives = new WeakMap();
  }

  /** Starts a run. */
  restart(): void {
    this.interrupt();
    this.#count = 0;
  }
}

/** True for a chart that has taken no event yet. */
export function isNewborn({ value, context }: ChartStart): boolean {
  const isIdle = typeof value === 'object' && 'Offline' in value && value.Offline === 'idle';
  return isIdle && context.attempts === 0 && context.lastDecision === null;
}

/** True where no record can follow this one: its shard was shut down, or refused for good. */
export function endsLife({ to, since = [], start, event }: ReplayRecord): boolean {
  if (to !== 'Offline' || start === undefined) return false;
  const chart = [...since, event].reduce(step, restore(start));
  return chart.matches({ Offline: 'stopped' }) || chart.matches({ Offline: 'fatal' });
}
