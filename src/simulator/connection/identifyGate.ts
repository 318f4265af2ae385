/**
 * What `GET /gateway/bot` calls `session_start_limit`; `resetAfter` in milliseconds from now.
 *
 * See [Discord Docs/Session Start Limit Object](https://docs.discord.com/developers/events/gateway#session-start-limit-object).
 */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly resetAfter: number;
}

export interface IdentifyGateSettings {
  readonly maxConcurrency: number;
  readonly identifyWindow: number;
  readonly identifyTolerance: number;
  readonly sessionStartLimit: SessionStartLimit;
}

/**
 * The two limits on IDENTIFY: one per `shard_id % max_concurrency` in each window, and so many a day.
 *
 * An IDENTIFY that comes too fast is counted like any other: it spends the day's budget and starts the window anew.
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting).
 */
export class IdentifyGate {
  readonly #settings: IdentifyGateSettings;
  readonly #last = new Map<number, number>();
  #remaining: number;
  #resetAt: number;

  constructor(settings: IdentifyGateSettings, now: number) {
    this.#settings = settings;
    this.#remaining = settings.sessionStartLimit.remaining;
    this.#resetAt = now + settings.sessionStartLimit.resetAfter;
  }

  bucket(shardId: number): number {
    return shardId % this.#settings.maxConcurrency;
  }

  take(shardId: number, now: number): 'accepted' | 'identify too fast' | 'identify budget spent' {
    this.#refill(now);
    const bucket = this.bucket(shardId);
    const last = this.#last.get(bucket);
    this.#last.set(bucket, now);
    if (this.#remaining <= 0) return 'identify budget spent';
    this.#remaining--;
    const { identifyWindow, identifyTolerance } = this.#settings;
    return last !== undefined && now - last < identifyWindow - identifyTolerance ? 'identify too fast' : 'accepted';
  }

  budget(now: number): SessionStartLimit {
    this.#refill(now);
    const { total } = this.#settings.sessionStartLimit;
    return { total, remaining: this.#remaining, resetAfter: Math.max(0, Math.ceil(this.#resetAt - now)) };
  }

  #refill(now: number): void {
    if (now < this.#resetAt) return;
    this.#remaining = this.#settings.sessionStartLimit.total;
    this.#resetAt = now + DAY_MS;
  }
}

const DAY_MS = 86_400_000;
