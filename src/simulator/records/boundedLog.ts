/**
 * The last `max` entries of a log.
 *
 * The array is cut only when it has grown to twice `max`, so that an entry costs O(1) however long the log runs.
 */
export class BoundedLog<T> {
  readonly #max: number;
  #entries: T[] = [];
  #cut = 0;

  constructor(max: number) {
    this.#max = max;
  }

  push(entry: T): void {
    if (this.#entries.push(entry) < this.#max * 2) return;
    const excess = this.#entries.length - this.#max;
    this.#cut += excess;
    this.#entries = this.#entries.slice(excess);
  }

  /** Number of entries ever pushed. */
  get count(): number {
    return this.#cut + this.#entries.length;
  }

  /** Number of the oldest entries that are no longer kept. */
  get forgotten(): number {
    return Math.max(0, this.count - this.#max);
  }

  /** Kept entries, without the first `skipped` that were ever pushed. */
  since(skipped: number): T[] {
    return this.#entries.slice(Math.max(skipped, this.forgotten) - this.#cut);
  }

  toArray(): T[] {
    return this.since(0);
  }
}
