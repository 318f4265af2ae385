import { clampDelayMs } from '../protocol/backoff.js';

/** Timers of one simulator: they never keep the process alive, and `clear` cancels all of them. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  /** Runs `task` after `delayMs` milliseconds. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      task();
    }, clampDelayMs(delayMs));
    timer.unref();
    this.#running.add(timer);
    return () => {
      this.#running.delete(timer);
      clearTimeout(timer);
    };
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
