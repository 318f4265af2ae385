export interface AsyncQueueOptions {
  /** How many values may wait. */
  readonly max: number;
  /** Makes the error that one value too many ends the queue with; null drops the oldest instead. */
  readonly overflowed: (() => Error) | null;
  /** Called once, when nothing is taken in any more. */
  readonly closed: () => void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

/** Values that are pushed at one end and iterated over at the other. What waits is read before an end is told. */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #options: AsyncQueueOptions;
  /** Read from the end of the second, which the first, turned round, becomes when it is empty: nothing is ever shifted. */
  #arrived: T[] = [];
  #leaving: T[] = [];
  #readers: Reader<T>[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | null = null;
  #dropped = 0;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
  }

  /** How many values were dropped because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  push(value: T): void {
    if (this.#isClosed) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ done: false, value });
    const { max, overflowed } = this.#options;
    if (this.#arrived.length + this.#leaving.length >= max) {
      if (overflowed !== null) return this.fail(overflowed());
      this.#take();
      this.#dropped += 1;
    }
    this.#arrived.push(value);
  }

  /** Ends the iteration once everything that waits has been read. */
  end(): void {
    this.#close(null);
  }

  /** Throws this once everything that waits has been read. */
  fail(error: unknown): void {
    this.#close({ error });
  }

  /** Throws this at once: what waits is dropped. */
  abort(error: unknown): void {
    if (!this.#isClosed) this.#clear();
    this.#close({ error });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#arrived.length + this.#leaving.length > 0) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (!this.#isClosed) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const failure = this.#failure;
    this.#failure = null;
    return failure === null ? Promise.resolve(DONE) : Promise.reject(failure.error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#clear();
    this.#close(null);
    this.#failure = null;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #close(failure: { readonly error: unknown } | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure = failure;
    this.#options.closed();
    // Whoever waits has read all there was: the first is told how it ended, as by `next()`.
    for (const { resolve, reject } of this.#readers.splice(0)) this.next().then(resolve, reject);
  }

  #clear(): void {
    this.#arrived = [];
    this.#leaving = [];
  }

  #take(): T {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#arrived.toReversed();
      this.#arrived = [];
    }
    return this.#leaving.pop() as T;
  }
}
