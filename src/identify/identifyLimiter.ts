import { createActor, type Actor } from 'xstate';
import { identifyQueueMachine } from '../../machines/identifyQueue.js';
import { refuse, whole } from '../util/options.js';
import { isNumberFrom, isWhole } from '../util/predicates.js';
import { BUDGET_PERIOD_MS, IDENTIFY_WINDOW_MS } from '../protocol/limits.js';
import type { IdentifyGrant, IdentifyLimiter } from './limiter.js';
import { handled } from '../util/handled.js';

/** `session_start_limit` of GET /gateway/bot, with Discord's names. Times in milliseconds. */
export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  readonly reset_after: number;
}

export interface IdentifyLimiterOptions {
  /** `max_concurrency` of GET /gateway/bot. Default 1. */
  maxConcurrency?: number;
  /** Milliseconds between two identifies of a key. Default 5 000. */
  window?: number;
  /** Identifies left today, counted down by the limiter. Default: the day is not counted. */
  sessionStartLimit?: SessionStartLimit;
  /** Identifies of the day that the limiter never grants, for other processes of the bot. Default 0. */
  reserve?: number;
}

/** Identifies of the day, as far as this process knows. */
export interface IdentifyBudgetLeft {
  readonly total: number;
  readonly remaining: number;
  /** Time at which `remaining` is `total` again, in milliseconds since the epoch. */
  readonly resetAt: number;
}

/** An {@link IdentifyLimiter} for the shards of one process. Created by {@link createIdentifyLimiter}. */
export interface ProcessIdentifyLimiter extends IdentifyLimiter {
  /** The chart that decides: it emits `identify.granted`, `identify.exhausted` and `identify.renewed`. */
  readonly actor: Actor<typeof identifyQueueMachine>;
  /** Null while the day is not counted. */
  readonly budget: IdentifyBudgetLeft | null;
  /** Number of shards that wait for their turn. */
  readonly waiting: number;
  /** Earliest time of the next identify, in milliseconds since the epoch; null while no shard waits. */
  readonly nextAt: number | null;
  /** Milliseconds until the windows of all keys are over. */
  readonly coolMs: number;
  /** Takes a newer answer of GET /gateway/bot. */
  tellBudget(limit: SessionStartLimit): void;
}

/** Part by which a window is longer here: the network may bring two identifies closer together than they were sent. */
const SLACK = 0.03;

/** Time in which a grant must be committed. */
const GRANT_LIFETIME_MS = 5_000;

/** Timers that keep no process alive: a shard that waits has a connection that does. */
const clock = {
  setTimeout: (fn: (...args: unknown[]) => void, ms: number) => setTimeout(fn, ms).unref(),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
};

class Limiter implements ProcessIdentifyLimiter {
  readonly actor: Actor<typeof identifyQueueMachine>;
  readonly #waiters = new Map<number, (grant: IdentifyGrant) => void>();
  /** End of each key's window. */
  readonly #cooling = new Map<number, number>();
  #lastId = 0;
  #resetAt = 0;

  constructor(maxConcurrency: number, windowMs: number, reserve: number) {
    this.actor = createActor(identifyQueueMachine, {
      clock,
      input: { maxConcurrency, windowMs, reserve, grantLifetimeMs: GRANT_LIFETIME_MS },
    });
    this.actor.on('identify.granted', ({ id }) => this.#waiters.get(id)?.(this.#grant(id)));
    this.actor.start();
  }

  get budget(): IdentifyBudgetLeft | null {
    const { budget } = this.actor.getSnapshot().context;
    if (budget === null) return null;
    while (this.#resetAt <= Date.now()) this.#resetAt += BUDGET_PERIOD_MS;
    return { ...budget, resetAt: this.#resetAt };
  }

  get waiting(): number {
    return this.actor.getSnapshot().context.waiting.length;
  }

  get nextAt(): number | null {
    const snapshot = this.actor.getSnapshot();
    const { waiting, maxConcurrency } = snapshot.context;
    if (waiting.length === 0) return null;
    if (snapshot.matches('exhausted')) return this.budget?.resetAt ?? null;
    const ends = waiting.map(({ shardId }) => this.#cooling.get(shardId % maxConcurrency) ?? 0);
    return Math.max(Date.now(), Math.min(...ends));
  }

  get coolMs(): number {
    return Math.max(0, Math.max(0, ...this.#cooling.values()) - Date.now());
  }

  tellBudget(limit: SessionStartLimit): void {
    checkLimit(limit);
    const { total, remaining, reset_after: resetAfterMs } = limit;
    this.#resetAt = Date.now() + resetAfterMs;
    this.actor.send({ type: 'budget.told', budget: { total, remaining, resetAfterMs } });
  }

  acquire(shardId: number, { signal }: { signal: AbortSignal }): Promise<IdentifyGrant> {
    const granted = new Promise<IdentifyGrant>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const id = ++this.#lastId;
      const leave = () => {
        this.#waiters.delete(id);
        this.actor.send({ type: 'queue.leave', id });
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.set(id, (grant) => {
        this.#waiters.delete(id);
        signal.removeEventListener('abort', leave);
        resolve(grant);
      });
      this.actor.send({ type: 'queue.join', ticket: { id, shardId } });
    });
    return handled(granted);
  }

  #grant(id: number): IdentifyGrant {
    return {
      commit: () => {
        const { granted, maxConcurrency, windowMs } = this.actor.getSnapshot().context;
        const ticket = granted.find((other) => other.id === id);
        if (ticket !== undefined) this.#cooling.set(ticket.shardId % maxConcurrency, Date.now() + windowMs);
        this.actor.send({ type: 'grant.commit', id });
        return ticket !== undefined;
      },
      cancel: () => this.actor.send({ type: 'grant.cancel', id }),
    };
  }
}

/**
 * Creates an identify limiter for the shards of one process: one IDENTIFY per `shard_id % max_concurrency` in any window,
 * and no more a day than `sessionStartLimit` has left.
 *
 * The window starts when IDENTIFY leaves (`commit`), not with the grant. A grant expires unless it is committed within 5 s.
 * When the day's identifies are spent, shards wait until the day is renewed.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 * @throws ShardError `INVALID_OPTION`
 */
export function createIdentifyLimiter({
  maxConcurrency = 1,
  window = IDENTIFY_WINDOW_MS,
  sessionStartLimit,
  reserve = 0,
}: IdentifyLimiterOptions = {}): ProcessIdentifyLimiter {
  checkBudget({ maxConcurrency, window, reserve, sessionStartLimit });
  const limiter = new Limiter(maxConcurrency, window * (1 + SLACK), reserve);
  if (sessionStartLimit !== undefined) limiter.tellBudget(sessionStartLimit);
  return limiter;
}

/** @throws ShardError `INVALID_OPTION` */
export function checkBudget({
  maxConcurrency = 1,
  window = IDENTIFY_WINDOW_MS,
  reserve = 0,
  sessionStartLimit,
}: { readonly [Name in keyof IdentifyLimiterOptions]: IdentifyLimiterOptions[Name] | undefined }): void {
  whole('maxConcurrency', maxConcurrency, { min: 1 });
  if (!isNumberFrom(0, window)) refuse('window', window, 'a number of milliseconds from 0');
  whole('reserve', reserve);
  if (sessionStartLimit !== undefined) checkLimit(sessionStartLimit);
}

function checkLimit(limit: SessionStartLimit): void {
  const { total, remaining, reset_after } = (limit as SessionStartLimit | null) ?? {};
  if (!isWhole(total) || !isWhole(remaining) || !isNumberFrom(0, reset_after)) {
    refuse('sessionStartLimit', limit, 'the session_start_limit of GET /gateway/bot');
  }
}
