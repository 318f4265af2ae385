import type { Timers } from '../timers.js';

/** Calls `onMissed` when no heartbeat has come for `limitMs` milliseconds. */
export class HeartbeatWatch {
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #limitMs: number;
  readonly #onMissed: () => void;
  #lastBeatAt = 0;
  #cancel: (() => void) | null = null;

  constructor(timers: Timers, now: () => number, limitMs: number, onMissed: () => void) {
    this.#timers = timers;
    this.#now = now;
    this.#limitMs = limitMs;
    this.#onMissed = onMissed;
  }

  start(): void {
    if (this.#limitMs === Infinity) return;
    this.#lastBeatAt = this.#now();
    this.#wait(this.#limitMs);
  }

  beat(): void {
    this.#lastBeatAt = this.#now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wait(delayMs: number): void {
    this.#cancel = this.#timers.after(delayMs, () => {
      if (this.#remaining() > 0) this.#wait(this.#remaining());
      else this.#checkNextTurn();
    });
  }

  /** A blocked event loop is not a missed heartbeat: frames that wait in the socket are read first. */
  #checkNextTurn(): void {
    const immediate = setImmediate(() => {
      if (this.#remaining() > 0) this.#wait(this.#remaining());
      else this.#onMissed();
    });
    immediate.unref();
    this.#cancel = () => clearImmediate(immediate);
  }

  #remaining(): number {
    return this.#limitMs - (this.#now() - this.#lastBeatAt);
  }
}
