import { setTimeout as sleep } from 'node:timers/promises';
import type { IdentifyGrant, IdentifyLimiter } from '../identify/limiter.js';
import {
  createIdentifyLimiter,
  type ProcessIdentifyLimiter,
  type SessionStartLimit,
} from '../identify/identifyLimiter.js';
import type { ResolvedManagerOptions } from './options.js';

/** How identifies are controlled, in the names of tiny-discord's controller. Times in milliseconds. */
export interface IdentifyController {
  /** Identifies of a day, and those that are left of this one; null where the day is not counted. */
  readonly total: number | null;
  readonly remaining: number | null;
  /** When the day ends: since the epoch. */
  readonly resetTimestamp: number | null;
  /** `max_concurrency`. */
  readonly concurrency: number;
  /** Between two identifies of a key. */
  readonly timeout: number;
}

/** `session_start_limit` of GET /gateway/bot. */
export type Limits = SessionStartLimit & { readonly max_concurrency?: number };

/** Who may identify when: an own queue as soon as the limits are known, or whoever has been given the say. */
export class Identifies {
  readonly #options: ResolvedManagerOptions;
  readonly #outside: IdentifyLimiter | null;
  readonly #begun: (limiter: ProcessIdentifyLimiter) => void;
  #own: { readonly limiter: ProcessIdentifyLimiter; readonly concurrency: number } | null = null;

  constructor(options: ResolvedManagerOptions, begun: (limiter: ProcessIdentifyLimiter) => void) {
    const { identifyHook, identifyLimiter } = options;
    this.#options = options;
    this.#begun = begun;
    this.#outside = identifyLimiter ?? (identifyHook === undefined ? null : hooked(identifyHook));
  }

  get isOutside(): boolean {
    return this.#outside !== null;
  }

  /** The manager's own queue; null under outside control, and until the limits are known. */
  get own(): ProcessIdentifyLimiter | null {
    return this.#own?.limiter ?? null;
  }

  /** `max_concurrency`, as far as it matters here. */
  get concurrency(): number | null {
    return this.#own?.concurrency ?? null;
  }

  /** Of the day, without the reserve. */
  get left(): number | null {
    const budget = this.#own?.limiter.budget ?? null;
    return budget && Math.max(0, budget.remaining - this.#options.reserve);
  }

  get limiter(): IdentifyLimiter {
    if (this.#outside !== null) return this.#outside;
    if (this.#own === null) throw new Error('The limits are not known yet, which is a bug in shardchart.');
    return this.#own.limiter;
  }

  get controller(): IdentifyController | null {
    if (this.#own === null) return null;
    const { limiter, concurrency } = this.#own;
    const { budget } = limiter;
    return {
      total: budget?.total ?? null,
      remaining: budget?.remaining ?? null,
      resetTimestamp: budget?.resetAt ?? null,
      concurrency,
      timeout: this.#options.identifyWindow,
    };
  }

  /**
   * Takes the limits of GET /gateway/bot. Another `max_concurrency` needs another queue, which is begun only while no shard
   * waits in this one, and once the windows of this one are over; with shards up the old number is kept.
   */
  async tell(limits: Limits, { isIdle, signal }: { isIdle: boolean; signal: AbortSignal }): Promise<void> {
    if (this.#outside !== null) return;
    const { max_concurrency: concurrency = 1 } = limits;
    const { identifyWindow: window, reserve } = this.#options;
    const before = this.#own;
    if (before !== null && (before.concurrency === concurrency || !isIdle)) return before.limiter.tellBudget(limits);
    if (before !== null) {
      await sleep(before.limiter.coolMs, undefined, { signal });
      before.limiter.actor.stop();
    }
    const limiter = createIdentifyLimiter({ maxConcurrency: concurrency, window, reserve });
    this.#own = { limiter, concurrency };
    this.#begun(limiter);
    limiter.tellBudget(limits);
  }
}

/** A grant of somebody else's is used at once or not at all: there is nothing to give back. */
const granted: IdentifyGrant = { commit: () => true, cancel: () => {} };

function hooked(hook: (shardId: number) => unknown): IdentifyLimiter {
  return {
    async acquire(shardId, { signal }) {
      await hook(shardId);
      signal.throwIfAborted();
      return granted;
    },
  };
}
