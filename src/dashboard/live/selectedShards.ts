import type { ShardKey } from '../messages.js';
import type { Send } from '../source.js';
import { eventFrame } from '../server/eventStreams.js';
import { ShardWatcher } from './shardWatcher.js';
import type { WatchedShard } from './watched.js';

interface Selection {
  readonly viewers: Set<Send>;
  /** Null while there is no shard with this key. */
  watcher: ShardWatcher | null;
}

/** Shards that viewers have selected. Each is watched once, however many viewers it has. */
export class SelectedShards {
  readonly #shardOf: (key: ShardKey) => WatchedShard | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #selected = new Map<ShardKey, Selection>();

  constructor(shardOf: (key: ShardKey) => WatchedShard | undefined, onError: (error: unknown) => void) {
    this.#shardOf = shardOf;
    this.#onError = onError;
  }

  follow(key: ShardKey, send: Send): void {
    const selection = this.#selected.get(key) ?? { viewers: new Set(), watcher: null };
    this.#selected.set(key, selection);
    const at = Date.now();
    // Earlier viewers get the pending changes first: the new viewer's message contains them already.
    this.#sendChangesOf(key, selection, at);
    selection.viewers.add(send);
    if (selection.watcher !== null) send(eventFrame('shard', selection.watcher.whole(at)));
  }

  leave(key: ShardKey, send: Send): void {
    const selection = this.#selected.get(key);
    selection?.viewers.delete(send);
    if (selection === undefined || selection.viewers.size > 0) return;
    selection.watcher?.stop();
    this.#selected.delete(key);
  }

  sendChanges(at: number): void {
    for (const [key, selection] of this.#selected) this.#sendChangesOf(key, selection, at);
  }

  stop(): void {
    for (const { watcher } of this.#selected.values()) watcher?.stop();
    this.#selected.clear();
  }

  #sendChangesOf(key: ShardKey, selection: Selection, at: number): void {
    const shard = this.#shardOf(key);
    const isSame = selection.watcher?.shard === shard;
    if (!isSame) {
      // Another shard may have taken over the key.
      selection.watcher?.stop();
      selection.watcher = shard === undefined ? null : new ShardWatcher(shard, key, this.#onError);
    }
    const { watcher, viewers } = selection;
    const message = (isSame ? watcher?.changes(at) : watcher?.whole(at)) ?? null;
    if (message === null) return;
    const frame = eventFrame('shard', message);
    for (const send of viewers) send(frame);
  }
}
