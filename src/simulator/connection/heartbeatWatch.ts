import type { Timers } from '../timers.js';

/** Calls `onMissed` once no heartbeat has come for `limitMs`. */
export class HeartbeatWatch {
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #limitMs: number;
  readonly #onMissed: () => void;
  #last = 0;
  #cancel: (() => void) | null = null;

  constructor(timers: Timers, now: () => number, limitMs: number, onMissed: () => void) {
    this.#timers = timers;
    this.#now = now;
    this.#limitMs = limitMs;
    this.#onMissed = onMissed;
  }

  start(): void {
    if (this.#limitMs === Infinity) return;
    this.#last = this.#now();
    this.#wait(this.#limitMs);
  }

  beat(): void {
    this.#last = this.#now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wait(ms: number): void {
    this.#cancel = this.#timers.after(ms, () => {
      if (this.#remaining() > 0) this.#wait(this.#remaining());
      else this.#giveATurn();
    });
  }

  /** An event loop that was blocked is not a missed heartbeat: one that already waits in the socket is read first. */
  #giveATurn(): void {
    const immediate = setImmediate(() => {
      if (this.#remaining() > 0) this.#wait(this.#remaining());
      else this.#onMissed();
    });
    immediate.unref();
    this.#cancel = () => clearImmediate(immediate);
  }

  #remaining(): number {
    return this.#limitMs - (this.#now() - this.#last);
  }
}
