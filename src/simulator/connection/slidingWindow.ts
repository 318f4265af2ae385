/**
 * At most `limit` hits in any `windowMs`: a log of the last `limit` hits, as a ring.
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

  /** Records a hit; false if it is one more than the window allows. */
  hit(now: number): boolean {
    const oldest = this.#hits[this.#next];
    this.#hits[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit;
    return oldest === undefined || now - oldest >= this.#windowMs;
  }
}
