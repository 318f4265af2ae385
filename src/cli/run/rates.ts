import type { ShardStatus } from '../../manager/status.js';

/** Long enough that the numbers can be read, short enough that they are of now. */
const OVER_MS = 2_000;

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<number, number>;
}

/** Dispatches a second of each shard, over the last two seconds, out of how many there have been: nothing is parsed for it. */
export class Rates {
  /** Oldest first; all but the first are younger than `OVER_MS`. */
  #samples: Sample[] = [];

  take(at: number, shards: readonly Pick<ShardStatus, 'id' | 'dispatches'>[]): void {
    this.#samples.push({ at, counts: new Map(shards.map(({ id, dispatches }) => [id, dispatches])) });
    const first = this.#samples.findLastIndex((sample) => at - sample.at >= OVER_MS);
    if (first > 0) this.#samples = this.#samples.slice(first);
  }

  of(shardId: number): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first.at === last.at) return 0;
    const since = (last.counts.get(shardId) ?? 0) - (first.counts.get(shardId) ?? 0);
    // A shard that was made anew counts from 0.
    return (Math.max(0, since) * 1_000) / (last.at - first.at);
  }
}
