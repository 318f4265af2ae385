import { handled } from './handled.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Promises of one thing that will happen, or fail. */
export class Waiters {
  #waiting: Waiter[] = [];

  /** A promise whose rejection may stay unhandled: it never ends the process. */
  wait(): Promise<void> {
    return handled(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })));
  }

  /** Resolves every promise that waits now. */
  resolve(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Rejects every promise that waits now. */
  reject(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
