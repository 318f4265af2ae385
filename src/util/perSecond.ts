const SECOND_MS = 1_000;

/** Lets so many through a second, counted from the first of each. */
export class PerSecond {
  readonly #perSecond: number;
  #startedAt = -Infinity;
  #taken = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(): boolean {
    const now = performance.now();
    if (now - this.#startedAt >= SECOND_MS) {
      this.#startedAt = now;
      this.#taken = 0;
    }
    if (this.#taken >= this.#perSecond) return false;
    this.#taken += 1;
    return true;
  }

  /** Milliseconds until it lets some through again. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(this.#startedAt + SECOND_MS - performance.now()));
  }
}
