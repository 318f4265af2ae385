import type { Totals } from '../protocol.js';
import type { WatchedShard } from './watched.js';

/** Over so much the rates are taken: long enough to be read, short enough to be of now. */
const OVER_MS = 2_000;

interface Sums {
  readonly at: number;
  readonly dispatches: number;
  readonly bytes: number;
}

/** What comes in a second, over all shards, out of what each has counted: nothing is parsed for it. */
export class Rates {
  readonly #counts = new Map<WatchedShard, Pick<Sums, 'dispatches' | 'bytes'>>();
  /** What came since the first sample; oldest first. */
  #samples: Sums[] = [];

  take(at: number, shards: Iterable<WatchedShard>): void {
    let { dispatches, bytes } = this.#samples.at(-1) ?? { dispatches: 0, bytes: 0 };
    const gone = new Set(this.#counts.keys());
    for (const shard of shards) {
      const { dispatches: events, bytesReceived } = shard.stats;
      const before = this.#counts.get(shard);
      // One that is new here has counted from long before.
      dispatches += events - (before?.dispatches ?? events);
      bytes += bytesReceived - (before?.bytes ?? bytesReceived);
      this.#counts.set(shard, { dispatches: events, bytes: bytesReceived });
      gone.delete(shard);
    }
    for (const shard of gone) this.#counts.delete(shard);
    this.#samples.push({ at, dispatches, bytes });
    const first = this.#samples.findLastIndex((sample) => at - sample.at >= OVER_MS);
    if (first > 0) this.#samples = this.#samples.slice(first);
  }

  /** Null until there are two samples. */
  get current(): Totals['rates'] {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first.at === last.at) return null;
    const seconds = (last.at - first.at) / 1_000;
    const rate = (from: number, to: number) => Math.round((10 * (to - from)) / seconds) / 10;
    return { dispatches: rate(first.dispatches, last.dispatches), bytes: rate(first.bytes, last.bytes) };
  }
}
