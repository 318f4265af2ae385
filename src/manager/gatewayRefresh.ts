import type { Logger } from '../util/logger.js';
import { messageOf } from '../util/messageOf.js';

/** Shortest time between two requests. */
const PAUSE_MS = 60_000;

export interface GatewayRefreshDeps {
  /** Asks GET /gateway/bot and takes the answer. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/** Asks GET /gateway/bot again while shards run, at most once a minute: URL, limits and `max_concurrency` may change. */
export class GatewayRefresh {
  readonly #deps: GatewayRefreshDeps;
  readonly #abort = new AbortController();
  #nextAt = -Infinity;

  constructor(deps: GatewayRefreshDeps) {
    this.#deps = deps;
  }

  /** Asks, unless the last request is less than a minute old. Resolves when the answer is taken or has failed. */
  async request(): Promise<void> {
    const { signal } = this.#abort;
    const now = performance.now();
    if (signal.aborted || now < this.#nextAt) return;
    this.#nextAt = now + PAUSE_MS;
    try {
      await this.#deps.ask(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#deps.logger.warn(`The last answer of GET /gateway/bot stays in use: ${messageOf(error)}`);
    }
  }

  /** Ends the request under way, and allows no other. */
  stop(): void {
    this.#abort.abort(new Error('The manager has been shut down.'));
  }
}
