import type { ShardKey } from '../messages.js';
import type { Send } from '../source.js';
import { eventFrame } from '../server/eventStreams.js';
import { Detail } from './shardWatcher.js';
import type { WatchedShard } from './watched.js';

interface Spotlight {
  readonly viewers: Set<Send>;
  /** Null while there is no shard of that key. */
  detail: Detail | null;
}

/** The shards somebody looks at, each watched once however many look. */
export class Spotlights {
  readonly #shardOf: (key: ShardKey) => WatchedShard | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #spotlights = new Map<ShardKey, Spotlight>();

  constructor(shardOf: (key: ShardKey) => WatchedShard | undefined, failed: (error: unknown) => void) {
    this.#shardOf = shardOf;
    this.#failed = failed;
  }

  follow(key: ShardKey, send: Send): void {
    const spotlight = this.#spotlights.get(key) ?? { viewers: new Set(), detail: null };
    this.#spotlights.set(key, spotlight);
    const at = Date.now();
    // What the others have not been told yet is in what this one is told.
    this.#tellOf(key, spotlight, at);
    spotlight.viewers.add(send);
    if (spotlight.detail !== null) send(eventFrame('shard', spotlight.detail.whole(at)));
  }

  leave(key: ShardKey, send: Send): void {
    const spotlight = this.#spotlights.get(key);
    spotlight?.viewers.delete(send);
    if (spotlight === undefined || spotlight.viewers.size > 0) return;
    spotlight.detail?.stop();
    this.#spotlights.delete(key);
  }

  tell(at: number): void {
    for (const [key, spotlight] of this.#spotlights) this.#tellOf(key, spotlight, at);
  }

  stop(): void {
    for (const { detail } of this.#spotlights.values()) detail?.stop();
    this.#spotlights.clear();
  }

  #tellOf(key: ShardKey, spotlight: Spotlight, at: number): void {
    const shard = this.#shardOf(key);
    const isSame = spotlight.detail?.shard === shard;
    if (!isSame) {
      // Another may have taken its place.
      spotlight.detail?.stop();
      spotlight.detail = shard === undefined ? null : new Detail(shard, key, this.#failed);
    }
    const { detail, viewers } = spotlight;
    const message = (isSame ? detail?.changes(at) : detail?.whole(at)) ?? null;
    if (message === null) return;
    const frame = eventFrame('shard', message);
    for (const send of viewers) send(frame);
  }
}
