import { handled } from '../util/handled.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Promises of one thing that will be done, or fail. */
export class Waiters {
  #waiting: Waiter[] = [];

  /** A promise whose rejection nobody needs to handle. */
  wait(): Promise<void> {
    return handled(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })));
  }

  done(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Rejects those that wait now, with what `why` says once this turn of the chart is over and everything is known. */
  fail(why: () => unknown): void {
    const waiting = this.#waiting.splice(0);
    queueMicrotask(() => {
      const error = why();
      for (const { reject } of waiting) reject(error);
    });
  }
}
