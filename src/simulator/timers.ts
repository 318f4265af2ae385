import { clampDelayMs } from '../protocol/backoff.js';

/** Timers that never keep the process alive and end together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  /** Runs `task` in `ms` milliseconds; the function it returns calls it off. */
  after(ms: number, task: () => void): () => void {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      task();
    }, clampDelayMs(ms));
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
