import type { ChartStart } from '../shard/steps.js';
import { chartAt, take } from './pureChart.js';
import type { Life } from './encode.js';
import type { ReplayRecord } from './record.js';

/** Tells the lives in one run apart: one for each source and shard id, and another where a source has replaced its shard. */
export class Lives {
  #count = 0;
  #lives = new WeakMap<object, Map<number, Life>>();

  /** The life this record belongs to. */
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

  /** Records of this source may be missed from now on. */
  forget(source: object): void {
    this.#lives.delete(source);
  }

  /** All begin anew: records of any have been lost. */
  interrupt(): void {
    this.#lives = new WeakMap();
  }

  /** A run begins. */
  restart(): void {
    this.interrupt();
    this.#count = 0;
  }
}

/** Whether this is a chart to which nothing has happened yet. */
export function isNewborn({ value, context }: ChartStart): boolean {
  const isIdle = typeof value === 'object' && 'Offline' in value && value.Offline === 'idle';
  return isIdle && context.attempts === 0 && context.lastDecision === null;
}

/** Whether no record can follow this one: its shard has been shut down, or refused for good. */
export function endsLife({ to, since = [], start, event }: ReplayRecord): boolean {
  if (to !== 'Offline' || start === undefined) return false;
  const chart = [...since, event].reduce(take, chartAt(start));
  return chart.matches({ Offline: 'stopped' }) || chart.matches({ Offline: 'fatal' });
}
