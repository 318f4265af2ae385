import { flushAtExit, forgetAtExit, type Flushable } from './flushAtExit.js';

export interface BackgroundWriterOptions {
  /** True while something waits that must be written now. */
  readonly hasWork: () => boolean;
  /** Writes some of what waits. If it rejects, that still waits. */
  readonly write: () => Promise<void>;
  /** Writes all that waits before it returns, at the exit of the process. Never throws. */
  readonly writeSync: () => void;
  /** Receives the error of each failed write; `isFirst` is false for a retry that fails too. */
  readonly onFailure: (error: unknown, isFirst: boolean) => void;
  /** Pause before the first retry. Each further pause is twice as long, up to 30 s. */
  readonly retryMs: number;
}

const MAX_RETRY_MS = 30_000;

/**
 * Writes in the background, one write at a time: neither a caller nor the event loop waits for the disk. A failed write is
 * retried after a pause, which keeps no process alive; what still waits when the process exits is written then.
 */
export class BackgroundWriter implements Flushable {
  readonly #options: BackgroundWriterOptions;
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #isExiting = false;

  constructor(options: BackgroundWriterOptions) {
    this.#options = options;
    flushAtExit(this);
  }

  /** True between a failed write and its retry. */
  get isPaused(): boolean {
    return this.#retry !== null;
  }

  /** True once the process exits: from then on every write is synchronous. */
  get isExiting(): boolean {
    return this.#isExiting;
  }

  /**
   * Writes until no work is left; a pause ends at once. The first write begins before this returns. Resolves after the
   * last write, or after one that failed; never rejects.
   */
  run(): Promise<void> {
    if (this.#isExiting) this.#options.writeSync();
    else if (this.#running === null && this.#options.hasWork()) this.#running = this.#writeAll();
    return this.#running ?? Promise.resolve();
  }

  flushSync(): void {
    this.#isExiting = true;
    this.#options.writeSync();
  }

  /** Ends the retries, and the write at the exit. */
  stop(): void {
    this.#endPause();
    forgetAtExit(this);
  }

  async #writeAll(): Promise<void> {
    const { hasWork, write, onFailure, retryMs } = this.#options;
    this.#endPause();
    try {
      while (hasWork()) {
        await write();
        this.#failures = 0;
      }
    } catch (error) {
      this.#failures += 1;
      const pauseMs = Math.min(retryMs * 2 ** (this.#failures - 1), MAX_RETRY_MS);
      this.#retry = setTimeout(() => {
        this.#retry = null;
        void this.run();
      }, pauseMs).unref();
      onFailure(error, this.#failures === 1);
    }
    this.#running = null;
  }

  #endPause(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
