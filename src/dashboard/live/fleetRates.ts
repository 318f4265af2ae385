import { RateMeter } from '../../util/rateMeter.js';
import type { Totals } from '../messages.js';
import type { WatchedShard } from './watched.js';

type ReceivedCounts = NonNullable<Totals['rates']>;

/** Dispatches and bytes a second over all shards, computed from the shards' counters. */
export class FleetRates {
  readonly #counts = new Map<WatchedShard, ReceivedCounts>();
  /** Sums since the first sample. */
  readonly #samples = new RateMeter<ReceivedCounts>();

  take(at: number, shards: Iterable<WatchedShard>): void {
    let { dispatches, bytes } = this.#samples.latest ?? { dispatches: 0, bytes: 0 };
    const gone = new Set(this.#counts.keys());
    for (const shard of shards) {
      const { dispatches: events, bytesReceived } = shard.stats;
      const before = this.#counts.get(shard);
      // A shard that joins has counted before: its first sample adds nothing.
      dispatches += events - (before?.dispatches ?? events);
      bytes += bytesReceived - (before?.bytes ?? bytesReceived);
      this.#counts.set(shard, { dispatches: events, bytes: bytesReceived });
      gone.delete(shard);
    }
    for (const shard of gone) this.#counts.delete(shard);
    this.#samples.take(at, { dispatches, bytes });
  }

  /** Rates of the last seconds; null until there are two samples. */
  get current(): Totals['rates'] {
    const dispatches = this.#samples.rate((counts) => counts.dispatches);
    const bytes = this.#samples.rate((counts) => counts.bytes);
    return dispatches === null || bytes === null ? null : { dispatches: rounded(dispatches), bytes: rounded(bytes) };
  }
}

const rounded = (rate: number) => Math.round(10 * rate) / 10;
