import type { IdentifyGrant, IdentifyLimiter } from '../identify/limiter.js';
import {
  createIdentifyLimiter,
  type ProcessIdentifyLimiter,
  type SessionStartLimit,
} from '../identify/identifyLimiter.js';
import type { ResolvedManagerOptions } from './options.js';

/** Numbers of the identify queue, by the names of tiny-discord's controller. Times in milliseconds. */
export interface IdentifyController {
  /** Identifies of a day; null where they are not counted. */
  readonly total: number | null;
  /** Identifies left today; null where they are not counted. */
  readonly remaining: number | null;
  /** End of the day, since the epoch; null where identifies are not counted. */
  readonly resetTimestamp: number | null;
  /** `max_concurrency`. */
  readonly concurrency: number;
  /** Time between two identifies of a key. */
  readonly timeout: number;
}

/** `session_start_limit` of GET /gateway/bot. */
export type Limits = SessionStartLimit & { readonly max_concurrency?: number };

/** The limiter of a manager's shards: a queue of its own once the limits are known, or the one the user gave. */
export class IdentifyControl {
  readonly #options: ResolvedManagerOptions;
  readonly #outside: IdentifyLimiter | null;
  readonly #onQueue: (limiter: ProcessIdentifyLimiter) => void;
  readonly #onError: (message: string) => void;
  #own: ProcessIdentifyLimiter | null = null;

  constructor(
    options: ResolvedManagerOptions,
    hooks: { onQueue(limiter: ProcessIdentifyLimiter): void; onError(message: string): void },
  ) {
    const { identifyHook, identifyLimiter } = options;
    this.#options = options;
    this.#onQueue = hooks.onQueue;
    this.#onError = hooks.onError;
    this.#outside = identifyLimiter ?? (identifyHook === undefined ? null : hookLimiter(identifyHook));
  }

  get isOutside(): boolean {
    return this.#outside !== null;
  }

  /** The manager's own queue; null with an `identifyHook` or `identifyLimiter`, and until the limits are known. */
  get own(): ProcessIdentifyLimiter | null {
    return this.#own;
  }

  /** `max_concurrency` of the own queue; null without one. */
  get concurrency(): number | null {
    return this.#own?.actor.getSnapshot().context.maxConcurrency ?? null;
  }

  /** Identifies left today, without the reserve; null where they are not counted. */
  get left(): number | null {
    const budget = this.#own?.budget ?? null;
    return budget && Math.max(0, budget.remaining - this.#options.reserve);
  }

  get limiter(): IdentifyLimiter {
    if (this.#outside !== null) return this.#outside;
    if (this.#own === null) throw new Error('The limits are not known yet, which is a bug in shardchart.');
    return this.#own;
  }

  get controller(): IdentifyController | null {
    const { concurrency } = this;
    if (this.#own === null || concurrency === null) return null;
    const { budget } = this.#own;
    return {
      total: budget?.total ?? null,
      remaining: budget?.remaining ?? null,
      resetTimestamp: budget?.resetAt ?? null,
      concurrency,
      timeout: this.#options.identifyWindow,
    };
  }

  /** Takes the limits of GET /gateway/bot. The queue starts with the first; later ones change it in place. */
  setLimits(limits: Limits): void {
    if (this.#outside !== null) return;
    if (this.#own !== null) return this.#own.tellBudget(limits);
    const { identifyWindow: window, reserve, sessionStore } = this.#options;
    this.#own = createIdentifyLimiter({
      maxConcurrency: limits.max_concurrency ?? 1,
      window,
      reserve,
      ...(sessionStore && { sessionStore }),
      onError: this.#onError,
    });
    this.#onQueue(this.#own);
    this.#own.tellBudget(limits);
  }

  /** Stops the charts of the own queue. */
  stop(): void {
    this.#own?.actor.stop();
    this.#own?.allowance.stop();
  }
}

/** Grant of an `identifyHook`: there is nothing to give back. */
const granted: IdentifyGrant = { commit: () => true, cancel: () => {} };

function hookLimiter(hook: NonNullable<ResolvedManagerOptions['identifyHook']>): IdentifyLimiter {
  return {
    async acquire(shardId, { signal }) {
      await hook(shardId, { signal });
      signal.throwIfAborted();
      return granted;
    },
  };
}
