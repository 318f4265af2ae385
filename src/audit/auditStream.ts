import type { Writable } from 'node:stream';
import type { Sink } from './sink.js';
import type { WriteTally } from './writeTally.js';
import { messageOf } from '../util/messageOf.js';
import { onRejection } from '../util/onRejection.js';
import { AuditError } from './errors.js';

/** Writes lines to the user's stream, which stays open after `close`. */
export class AuditStream implements Sink {
  readonly #stream: Writable;
  readonly #tally: WriteTally;
  /** Lines that the stream has not confirmed yet. */
  #waiting = 0;
  #drained: (() => void) | null = null;
  #hasFailed = false;
  readonly after = null;

  constructor(stream: Writable, tally: WriteTally) {
    this.#stream = stream;
    this.#tally = tally;
    stream.on('error', this.#failed);
  }

  get waitingBytes(): number {
    return this.#stream.writable ? this.#stream.writableLength : Infinity;
  }

  write(line: string): void {
    let isSettled = false;
    const settle = (lost: () => void) => {
      if (isSettled) return;
      isSettled = true;
      lost();
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#drained?.();
    };
    this.#waiting += 1;
    try {
      const returned: unknown = this.#stream.write(line, (error) =>
        settle(() => (error ? this.#lost(error) : (this.#tally.written += 1))),
      );
      // An object with a `write` of its own may be asynchronous.
      onRejection(returned, (error) => settle(() => this.#lost(error)));
    } catch (error) {
      settle(() => {});
      throw error;
    }
  }

  isFull(): boolean {
    return false;
  }

  rotate(): void {}

  async close(): Promise<void> {
    if (this.#waiting > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    // A failed stream calls the writer back before it emits 'error', and an 'error' without a listener ends the process.
    if (!this.#hasFailed) this.#stream.off('error', this.#failed);
  }

  #lost(cause: unknown): void {
    this.#hasFailed = true;
    this.#tally.drop(`The audit log's stream refused records, and they are lost (${messageOf(cause)}).`, cause);
  }

  readonly #failed = (cause: unknown): void => {
    const message = `The audit log's stream failed (${messageOf(cause)}): nothing more is logged. Create an audit log with another stream.`;
    this.#tally.report(new AuditError('CANNOT_WRITE', message, { cause }));
  };
}
