import type { Timers } from '../timers.js';

interface Waiting {
  readonly delayMs: number;
  readonly send: () => void;
}

/** Keeps the frames of a connection in order: a late frame holds back those behind it. */
export class SendOrder {
  readonly #timers: Timers;
  #waiting: Waiting[] = [];
  #next = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  push(delayMs: number, send: () => void): void {
    const isFirst = this.#waiting.length === 0;
    if (isFirst && delayMs <= 0) {
      send();
      return;
    }
    this.#waiting.push({ delayMs, send });
    if (isFirst) this.#advance();
  }

  #advance(): void {
    for (let head = this.#waiting[this.#next]; head !== undefined; head = this.#waiting[this.#next]) {
      const { delayMs, send } = head;
      if (delayMs > 0) {
        this.#timers.after(delayMs, () => {
          this.#next++;
          send();
          this.#advance();
        });
        return;
      }
      this.#next++;
      send();
    }
    this.#waiting = [];
    this.#next = 0;
  }
}
