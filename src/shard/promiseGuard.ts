import { handled } from '../util/handled.js';
import { hidingToken, withoutToken } from '../util/hidingToken.js';
import { ShardError } from '../util/errors.js';
import type { Logger } from '../util/logger.js';
import { PerSecond } from '../util/perSecond.js';

/** Most log lines a second about refused calls: a loop that sends to a full queue must not fill the log. */
const LINES_PER_SECOND = 1;

/** Codes that are in the log already, once for all that was lost. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set(['CLOSED', 'FATAL']);

/**
 * Stands around the promises that public members return. A caller who ignores one never ends the process, the log has what
 * was refused, and no error shows the token.
 */
export class PromiseGuard {
  readonly #token: string;
  readonly #logger: Logger;
  readonly #lines = new PerSecond(LINES_PER_SECOND);
  /** Refusals since the last line. */
  #unsaid = 0;

  constructor(token: string, logger: Logger) {
    this.#token = token;
    this.#logger = logger;
  }

  /** The promise of `call`, or a rejection with what it throws. */
  run<T>(call: () => Promise<T>): Promise<T> {
    return handled(this.#run(call));
  }

  /** The value of a check. What it throws does not show the token. */
  check<T>(check: () => T): T {
    return hidingToken(this.#token, check);
  }

  /** The generator, with the promises of its members guarded. */
  iterate<T>(generator: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    return {
      next: () => this.run(() => generator.next()),
      return: (value) => this.run(() => generator.return(value)),
      throw: (error) => this.run(() => generator.throw(error)),
      [Symbol.asyncIterator]() {
        return this;
      },
      [Symbol.asyncDispose]: () => this.run(async () => void (await generator.return())),
    };
  }

  /** Writes a refusal to the log, with the number of those that had no line of their own. */
  report(error: ShardError): void {
    if (!this.#lines.take()) {
      this.#unsaid += 1;
      return;
    }
    const more = this.#unsaid === 0 ? '' : ` (and ${this.#unsaid} other calls before)`;
    this.#unsaid = 0;
    this.#logger.warn(`a call failed with ${error.code}: ${error.message}${more}`);
  }

  async #run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ShardError && !SAID_OTHERWISE.has(error.code)) this.report(error);
      throw withoutToken(this.#token, error);
    }
  }
}
