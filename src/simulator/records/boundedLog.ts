/**
 * The last `max` entries of a log.
 *
 * It is cut only once it has grown to twice its size, so that an entry costs O(1) however long the log runs.
 */
export class BoundedLog<T> {
  readonly #max: number;
  #entries: T[] = [];
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  push(entry: T): void {
    if (this.#entries.push(entry) < this.#max * 2) return;
    const excess = this.#entries.length - this.#max;
    this.#dropped += excess;
    this.#entries = this.#entries.slice(excess);
  }

  /** Entries ever pushed. */
  get count(): number {
    return this.#dropped + this.#entries.length;
  }

  /** How many entries, from the first, are gone. */
  get forgotten(): number {
    return Math.max(0, this.count - this.#max);
  }

  /** The entries from the `start`-th ever pushed on, as far as they are still there. */
  since(start: number): T[] {
    return this.#entries.slice(Math.max(start, this.forgotten) - this.#dropped);
  }

  toArray(): T[] {
    return this.since(0);
  }
}
