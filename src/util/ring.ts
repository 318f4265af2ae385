/** Keeps the last values up to a capacity. Memory is only used for values that were pushed. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #values: T[] = [];
  /** Index of the oldest value once the ring is full. */
  #oldest = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(value: T): void {
    if (this.#values.length < this.#capacity) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }

  /** A copy, oldest first. */
  toArray(): T[] {
    return [...this.#values.slice(this.#oldest), ...this.#values.slice(0, this.#oldest)];
  }
}
