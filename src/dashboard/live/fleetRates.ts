import { RateMeter } from '../../util/rateMeter.js';
import type { Totals } from '../messages.js';
import type { WatchedShard } from './watched.js';

type Counts = NonNullable<Totals['rates']>;

/** What comes in a second, over all shards, out of what each has counted. */
export class FleetRates {
  readonly #counts = new Map<WatchedShard, Counts>();
  /** What came since the first sample. */
  readonly #samples = new RateMeter<Counts>();

  take(at: number, shards: Iterable<WatchedShard>): void {
    let { dispatches, bytes } = this.#samples.latest ?? { dispatches: 0, bytes: 0 };
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
    this.#samples.take(at, { dispatches, bytes });
  }

  /** Null until there are two samples. */
  get current(): Totals['rates'] {
    const dispatches = this.#samples.rate((counts) => counts.dispatches);
    const bytes = this.#samples.rate((counts) => counts.bytes);
    return dispatches === null || bytes === null ? null : { dispatches: rounded(dispatches), bytes: rounded(bytes) };
  }
}

const rounded = (rate: number) => Math.round(10 * rate) / 10;
