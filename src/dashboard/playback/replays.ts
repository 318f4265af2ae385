import { replayShard } from './replayShard.js';
import type { FoldedLog } from './foldLog.js';

/** Of as many shards the answer is kept: whoever compares some goes to and fro between them. */
const KEPT = 4;

/** One that is under way, or waits for its turn. */
interface Replay {
  readonly answer: Promise<Buffer>;
  readonly cancel: AbortController;
  /** How many wait for it. */
  askers: number;
}

/** Replays shards for whoever asks: one at a time, each once for all who ask for it, and none that nobody waits for any more. */
export class Replays {
  readonly #shards: FoldedLog['shards'];
  readonly #wanted = new Map<number, Replay>();
  /** The last one that was asked for is the last. */
  readonly #kept = new Map<number, Buffer>();
  #turn: Promise<void> = Promise.resolve();

  constructor(shards: FoldedLog['shards']) {
    this.#shards = shards;
  }

  /** The answer of `/audit/shards/ID`; null where the log has no such shard. Rejects where all who asked have gone. */
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

  #begin(id: number): Replay | null {
    const entries = this.#shards.get(id);
    if (entries === undefined) return null;
    const cancel = new AbortController();
    const answer = this.#turn.then(() => replayShard(id, entries, cancel.signal));
    const replay: Replay = { answer, cancel, askers: 0 };
    this.#wanted.set(id, replay);
    this.#turn = answer
      .then((whole) => this.#keep(id, whole))
      .catch(() => {})
      .finally(() => this.#forget(id, replay));
    return replay;
  }

  #leave(id: number, replay: Replay): void {
    replay.askers -= 1;
    if (replay.askers > 0) return;
    // Whoever asks for it from now on must not be given one that has been stopped.
    this.#forget(id, replay);
    replay.cancel.abort();
  }

  #forget(id: number, replay: Replay): void {
    if (this.#wanted.get(id) === replay) this.#wanted.delete(id);
  }

  #keep(id: number, answer: Buffer): void {
    this.#kept.delete(id);
    this.#kept.set(id, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
