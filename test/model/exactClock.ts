import { SimulatedClock } from 'xstate';

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
    for (let next = this.nextAtMs; next !== null && next <= end; next = this.nextAtMs) {
      super.set(Math.max(next, this.now()));
    }
    super.set(end);
  }
}
