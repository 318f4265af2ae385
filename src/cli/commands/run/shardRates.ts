import type { ShardStatus } from '../../../manager/status.js';
import { RateMeter } from '../../../util/rateMeter.js';

/** Dispatches a second of each shard, computed from its counter. */
export class ShardRates {
  readonly #samples = new RateMeter<ReadonlyMap<number, number>>();

  take(at: number, shards: readonly Pick<ShardStatus, 'id' | 'dispatches'>[]): void {
    this.#samples.take(at, new Map(shards.map(({ id, dispatches }) => [id, dispatches])));
  }

  of(shardId: number): number {
    // A replaced shard counts from 0 again.
    return Math.max(0, this.#samples.rate((counts) => counts.get(shardId) ?? 0) ?? 0);
  }
}
