import { randomUUID } from 'node:crypto';
import type { IdentifyGrant, IdentifyLimiter } from '../../identify/limiter.js';
import { checkBudget, type IdentifyBudgetLeft, type SessionStartLimit } from '../../identify/identifyLimiter.js';
import { IDENTIFY_WINDOW_MS } from '../../protocol/limits.js';
import { handled } from '../../util/handled.js';
import { warn } from '../../util/logger.js';
import { checkNames, namesOf } from '../../util/options.js';
import { messageOf } from '../../util/messageOf.js';
import { checkFleetName, keysOf } from '../keys.js';
import { checkRedis, openRedis } from '../redis/openRedis.js';
import type { RedisClient, RedisTarget } from '../redis/redisClient.js';
import { Scripts } from '../redis/script.js';
import { IdentifyQueue } from './identifyQueue.js';

/** Options of {@link createRedisIdentifyLimiter}. */
export interface RedisIdentifyLimiterOptions {
  /** A URL (`redis://`, `rediss://`, `unix://`), or a connected client of `redis`, `@redis/client` or `ioredis`. */
  redis: RedisTarget;
  /** Name of the bot: all limiters of this name share one queue and one day. Every key in Redis begins with it. */
  name: string;
  /** `max_concurrency` of GET /gateway/bot; the value told last counts for all processes. Default 1. */
  maxConcurrency?: number;
  /** Milliseconds between two identifies of a key. Default 5 000. */
  window?: number;
  /** Identifies left today. Within a day the lower of this and what was counted in Redis stands. Default: 1 000 in 24 hours. */
  sessionStartLimit?: SessionStartLimit;
  /** Identifies of the day that are never granted. Default 0. */
  reserve?: number;
  /** Receives what Redis could not do, as one sentence, once an outage. Default: a warning of the process. */
  onError?: (message: string) => void;
}

/** An identify limiter for all processes of a bot. Created by {@link createRedisIdentifyLimiter}. */
export interface RedisIdentifyLimiter extends IdentifyLimiter, AsyncDisposable {
  /** The day as Redis counts it; null until it was told. As of the last answer of Redis. */
  readonly budget: IdentifyBudgetLeft | null;
  /** Number of shards of this process that wait for their turn. */
  readonly waiting: number;
  /** Takes a newer answer of GET /gateway/bot. */
  tellBudget(limit: SessionStartLimit & { readonly max_concurrency?: number }): Promise<void>;
  /** Gives the places in the queue back, and ends the connection that was opened for a URL. */
  close(): Promise<void>;
}

const OPTIONS = namesOf<RedisIdentifyLimiterOptions>()({
  redis: true,
  name: true,
  maxConcurrency: true,
  window: true,
  sessionStartLimit: true,
  reserve: true,
  onError: true,
});

/** Part by which a window is longer here: the network may bring two identifies closer together than they were sent. */
const SLACK = 0.03;

export const windowOf = (windowMs: number): number => Math.ceil(windowMs * (1 + SLACK));

/**
 * Creates an identify limiter that all processes of a bot share by Redis: one IDENTIFY per `shard_id % max_concurrency` in any
 * window, and no more a day than is left, or 1 000 in 24 hours where that is not known.
 *
 * A shard's first identify in 24 hours waits for its window alone. Every further one also takes a permit that all shards
 * share: 10, or two a shard, come at once, then about one in 90 s for a small bot.
 *
 * The window starts when IDENTIFY leaves (`commit`). A process that is killed while it waits leaves the queue after 3 s, and
 * a grant it had after 5 s. While Redis cannot be reached shards wait, and none identifies.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 * @throws ShardError `INVALID_OPTION`
 */
export function createRedisIdentifyLimiter(options: RedisIdentifyLimiterOptions): RedisIdentifyLimiter {
  return new Limiter(options);
}

class Limiter implements RedisIdentifyLimiter {
  readonly #client: Promise<RedisClient>;
  readonly #queue: IdentifyQueue;

  constructor(options: RedisIdentifyLimiterOptions) {
    checkNames('createRedisIdentifyLimiter', options, OPTIONS);
    const { redis, name, maxConcurrency = 1, window = IDENTIFY_WINDOW_MS, sessionStartLimit, reserve = 0 } = options;
    const { onError = warn } = options;
    checkRedis(redis);
    checkFleetName(name);
    checkBudget({ maxConcurrency, window, reserve, sessionStartLimit });
    this.#client = openRedis(redis, onError);
    this.#queue = new IdentifyQueue({
      scripts: this.#client.then((client) => new Scripts(client)),
      keys: keysOf(name).identify,
      instance: randomUUID().slice(0, 8),
      maxConcurrency,
      windowMs: windowOf(window),
      reserve,
      onError,
    });
    void this.#queue
      .tell({ ...sessionStartLimit, ...(options.maxConcurrency !== undefined && { max_concurrency: maxConcurrency }) })
      .catch((error: unknown) => onError(`Redis did not take the identify limits: ${messageOf(error)}`));
  }

  get budget(): IdentifyBudgetLeft | null {
    return this.#queue.budget;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  acquire(shardId: number, { signal }: { signal: AbortSignal }): Promise<IdentifyGrant> {
    return handled(this.#queue.acquire(shardId, signal));
  }

  tellBudget(limit: SessionStartLimit & { readonly max_concurrency?: number }): Promise<void> {
    checkBudget({ sessionStartLimit: limit, maxConcurrency: limit.max_concurrency });
    return handled(this.#queue.tell(limit));
  }

  async close(): Promise<void> {
    await this.#queue.close();
    (await this.#client).close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
