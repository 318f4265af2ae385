const SECOND_MS = 1_000;

/** Limits something to so many a second. A second begins with the first one it lets through. */
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

  /** Milliseconds until the next second begins. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(this.#startedAt + SECOND_MS - performance.now()));
  }
}
