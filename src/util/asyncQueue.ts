import { handled } from './handled.js';

export interface AsyncQueueOptions {
  /** Most values that may wait. */
  readonly max: number;
  /** Makes the error that ends the queue when one value too many is pushed; null drops the oldest value instead. */
  readonly overflowed: (() => Error) | null;
  /** Called once, when the queue accepts no more values. */
  readonly closed: () => void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

/** A queue that is filled with `push` and read with `for await`. Waiting values are read before the end or a failure. */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #options: AsyncQueueOptions;
  /** Values leave from the end of `#leaving`; when it is empty, `#arrived` is reversed into it. No array is ever shifted. */
  #arrived: T[] = [];
  #leaving: T[] = [];
  #readers: Reader<T>[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | null = null;
  #dropped = 0;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
  }

  /** Number of values that were dropped because too many waited. */
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

  /** Ends the iteration with this error once everything that waits has been read. */
  fail(error: unknown): void {
    this.#close({ error });
  }

  /** Ends the iteration with this error at once: what waits is dropped. */
  abort(error: unknown): void {
    if (!this.#isClosed) this.#clear();
    this.#close({ error });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#arrived.length + this.#leaving.length > 0) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (!this.#isClosed) {
      return handled(new Promise((resolve, reject) => this.#readers.push({ resolve, reject })));
    }
    const failure = this.#failure;
    this.#failure = null;
    return failure === null ? Promise.resolve(DONE) : handled(Promise.reject(failure.error));
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
    // Waiting readers have read all values: the first gets the failure, the others the end.
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
