import { SimulatedClock } from 'xstate';
import { Unlawful } from './laws/lawbook.js';

/** So many timers at the same moment are a loop. */
const ENDLESS = 1_000;

/** A simulated clock that stops at each timer on its way, so that each fires at its own time and one that re-arms fires again. */
export class ExactClock extends SimulatedClock {
  readonly #due = new Map<number, number>();

  override setTimeout(fn: (...args: unknown[]) => void, timeoutMs: number): number {
    const id = super.setTimeout((...args: unknown[]) => {
      this.#due.delete(id);
      fn(...args);
    }, timeoutMs);
    this.#due.set(id, this.now() + timeoutMs);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#due.delete(id);
    super.clearTimeout(id);
  }

  /** When the next timer fires, or null. */
  get nextAtMs(): number | null {
    return this.#due.size === 0 ? null : Math.min(...this.#due.values());
  }

  override increment(ms: number): void {
    const end = this.now() + ms;
    let atOnce = 0;
    for (let next = this.nextAtMs; next !== null && next <= end; next = this.nextAtMs) {
      atOnce = next > this.now() ? 0 : atOnce + 1;
      if (atOnce > ENDLESS) throw new Unlawful(`timers fire without end ${this.now()} ms after the start`);
      super.set(Math.max(next, this.now()));
    }
    super.set(end);
  }
}
