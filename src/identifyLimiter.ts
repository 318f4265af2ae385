import type { IdentifyGrant, IdentifyLimiter } from './actors/identifySlot.js';
import { ShardError } from './protocol/errors.js';
import { IDENTIFY_WINDOW_MS } from './protocol/limits.js';

export interface IdentifyLimiterOptions {
  /** `max_concurrency` of GET /gateway/bot. Default 1. */
  maxConcurrency?: number;
  /** Milliseconds between two identifies of a key. Default 5 000. */
  window?: number;
}

/** What a window is longer by here, so that two identifies the network pushes together still arrive apart. */
const SLACK = 0.03;

/** How long a grant may lie about before it has run out. */
const GRANT_LIFETIME_MS = 5_000;

interface Waiter {
  readonly grant: (grant: IdentifyGrant) => void;
}

/** One `shard_id % max_concurrency`: FIFO, one grant out at a time, the next one a window after the last commit. */
class Key {
  readonly #windowMs: number;
  readonly #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #busyUntil = 0;
  #holder: IdentifyGrant | null = null;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  acquire(signal: AbortSignal): Promise<IdentifyGrant> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const waiter: Waiter = {
        grant: (grant) => {
          signal.removeEventListener('abort', leave);
          resolve(grant);
        },
      };
      const leave = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        this.#serve();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiters.length === 0) return;
    const waitMs = this.#busyUntil - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#serve(), Math.ceil(waitMs));
      return;
    }
    // Until it is committed or cancelled a grant holds the key, but not for ever: whoever got it may be gone.
    this.#busyUntil = performance.now() + GRANT_LIFETIME_MS;
    this.#waiters.shift()?.grant(this.#createGrant());
    this.#serve();
  }

  #createGrant(): IdentifyGrant {
    const grant: IdentifyGrant = {
      commit: () => this.#release(grant, this.#windowMs),
      cancel: () => void this.#release(grant, 0),
    };
    this.#holder = grant;
    return grant;
  }

  /** False where this grant no longer holds the key: it ran out and the next has it, or it was used. */
  #release(grant: IdentifyGrant, busyMs: number): boolean {
    const now = performance.now();
    if (this.#holder !== grant || now >= this.#busyUntil) return false;
    this.#holder = null;
    this.#busyUntil = now + busyMs;
    this.#serve();
    return true;
  }
}

/**
 * An identify limiter for the shards of one process: one IDENTIFY per `shard_id % max_concurrency` in any window.
 *
 * The window starts when IDENTIFY leaves (`commit`), not when the turn was given. A grant nobody commits runs out
 * after 5 s.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 * @throws ShardError `INVALID_OPTION`
 */
export function createIdentifyLimiter({
  maxConcurrency = 1,
  window = IDENTIFY_WINDOW_MS,
}: IdentifyLimiterOptions = {}): IdentifyLimiter {
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new ShardError('INVALID_OPTION', '`maxConcurrency` must be a whole number from 1.', {
      value: maxConcurrency,
    });
  }
  if (!Number.isFinite(window) || window < 0) {
    throw new ShardError('INVALID_OPTION', '`window` must be a number of milliseconds from 0.', { value: window });
  }
  const keys = new Map<number, Key>();
  return {
    acquire(shardId, { signal }) {
      const id = shardId % maxConcurrency;
      let key = keys.get(id);
      if (key === undefined) keys.set(id, (key = new Key(window * (1 + SLACK))));
      return key.acquire(signal);
    },
  };
}
