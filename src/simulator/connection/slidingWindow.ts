/**
 * Limit of `limit` hits in any `windowMs` milliseconds, kept as a ring of the last `limit` hits.
 *
 * A counter that is reset every window would let nearly twice the limit through around the reset.
 */
export class SlidingWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #hits: number[] = [];
  #next = 0;

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Records a hit. False where it is one more than the window allows. */
  hit(now: number): boolean {
    const oldest = this.#hits[this.#next];
    this.#hits[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit;
    return oldest === undefined || now - oldest >= this.#windowMs;
  }
}
