/**
 * The bot's `session_start_limit`, as `GET /gateway/bot` returns it. `resetAfter` is in milliseconds from now.
 *
 * See [Discord Docs/Session Start Limit Object](https://docs.discord.com/developers/events/gateway#session-start-limit-object).
 */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly resetAfter: number;
}

export interface IdentifyGateOptions {
  readonly maxConcurrency: number;
  readonly identifyWindow: number;
  readonly identifyTolerance: number;
  readonly sessionStartLimit: SessionStartLimit;
}

/**
 * The two limits on IDENTIFY: one in each window per `shard_id % max_concurrency`, and the day's budget.
 *
 * An IDENTIFY that comes too fast counts as well: it spends the day's budget and starts the window again.
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting).
 */
export class IdentifyGate {
  readonly #options: IdentifyGateOptions;
  readonly #last = new Map<number, number>();
  #remaining: number;
  #resetAt: number;

  constructor(options: IdentifyGateOptions, now: number) {
    this.#options = options;
    this.#remaining = options.sessionStartLimit.remaining;
    this.#resetAt = now + options.sessionStartLimit.resetAfter;
  }

  bucket(shardId: number): number {
    return shardId % this.#options.maxConcurrency;
  }

  take(shardId: number, now: number): 'accepted' | 'identify too fast' | 'identify budget spent' {
    this.#refill(now);
    const bucket = this.bucket(shardId);
    const last = this.#last.get(bucket);
    this.#last.set(bucket, now);
    if (this.#remaining <= 0) return 'identify budget spent';
    this.#remaining--;
    const { identifyWindow, identifyTolerance } = this.#options;
    return last !== undefined && now - last < identifyWindow - identifyTolerance ? 'identify too fast' : 'accepted';
  }

  budget(now: number): SessionStartLimit {
    this.#refill(now);
    const { total } = this.#options.sessionStartLimit;
    return { total, remaining: this.#remaining, resetAfter: Math.max(0, Math.ceil(this.#resetAt - now)) };
  }

  #refill(now: number): void {
    if (now < this.#resetAt) return;
    this.#remaining = this.#options.sessionStartLimit.total;
    this.#resetAt = now + DAY_MS;
  }
}

const DAY_MS = 86_400_000;
