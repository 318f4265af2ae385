import { replayShard } from './replayShard.js';
import type { FoldedLog } from './foldLog.js';

/** Number of answers to keep: viewers who compare shards go back and forth. */
const KEPT = 4;

/** A replay that runs or waits for its turn. */
interface PendingReplay {
  readonly answer: Promise<Buffer>;
  readonly cancel: AbortController;
  /** Number of requests that wait for it. */
  askers: number;
}

/** Replays shards one at a time. Equal requests share a replay, and one that no request waits for is stopped. */
export class Replays {
  readonly #shards: FoldedLog['shards'];
  readonly #wanted = new Map<number, PendingReplay>();
  /** Least recently used first. */
  readonly #kept = new Map<number, Buffer>();
  #turn: Promise<void> = Promise.resolve();

  constructor(shards: FoldedLog['shards']) {
    this.#shards = shards;
  }

  /** Answer of `/audit/shards/ID`; null where the log has no such shard. Rejects once all requests are gone. */
  async of(id: number, gone: AbortSignal): Promise<Buffer | null> {
    gone.throwIfAborted();
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      this.#keep(id, kept);
      return kept;
    }
    const replay = this.#wanted.get(id) ?? this.#begin(id);
    if (replay === null) return null;
    replay.askers += 1;
    const leave = () => this.#leave(id, replay);
    gone.addEventListener('abort', leave, { once: true });
    try {
      return await replay.answer;
    } finally {
      gone.removeEventListener('abort', leave);
    }
  }

  #begin(id: number): PendingReplay | null {
    const entries = this.#shards.get(id);
    if (entries === undefined) return null;
    const cancel = new AbortController();
    const answer = this.#turn.then(() => replayShard(id, entries, cancel.signal));
    const replay: PendingReplay = { answer, cancel, askers: 0 };
    this.#wanted.set(id, replay);
    this.#turn = answer
      .then((whole) => this.#keep(id, whole))
      .catch(() => {})
      .finally(() => this.#forget(id, replay));
    return replay;
  }

  #leave(id: number, replay: PendingReplay): void {
    replay.askers -= 1;
    if (replay.askers > 0) return;
    // Forgotten before it is stopped, so that a new request starts another.
    this.#forget(id, replay);
    replay.cancel.abort();
  }

  #forget(id: number, replay: PendingReplay): void {
    if (this.#wanted.get(id) === replay) this.#wanted.delete(id);
  }

  #keep(id: number, answer: Buffer): void {
    this.#kept.delete(id);
    this.#kept.set(id, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
