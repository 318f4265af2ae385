import { createActor, type Actor } from 'xstate';
import { identifyQueueMachine } from '../../machines/identifyQueue.js';
import { refuse, whole } from '../util/options.js';
import { isNumberFrom, isWhole } from '../util/predicates.js';
import { BUDGET_PERIOD_MS, IDENTIFY_WINDOW_MS } from '../protocol/limits.js';
import type { IdentifyGrant, IdentifyLimiter } from './limiter.js';

/** `session_start_limit` of GET /gateway/bot, in Discord's own words. Times in milliseconds. */
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
  /** What is left of the day's identifies: it is counted down here. Left out, the day is not counted. */
  sessionStartLimit?: SessionStartLimit;
  /** Identifies of the day that are never granted, so that they are left for something else. Default 0. */
  reserve?: number;
}

/** The day's identifies, as far as this process knows. */
export interface IdentifyBudgetLeft {
  readonly total: number;
  readonly remaining: number;
  /** When `remaining` is `total` again: milliseconds since the epoch. */
  readonly resetAt: number;
}

/** An {@link IdentifyLimiter} for the shards of one process. Made by {@link createIdentifyLimiter}. */
export interface ProcessIdentifyLimiter extends IdentifyLimiter {
  /** The chart that decides: it emits `identify.granted`, `identify.exhausted` and `identify.renewed`. */
  readonly actor: Actor<typeof identifyQueueMachine>;
  /** Null while the day is not counted. */
  readonly budget: IdentifyBudgetLeft | null;
  /** How many wait for their turn. */
  readonly waiting: number;
  /** When the next of them may identify at the earliest: milliseconds since the epoch. Null while nobody waits. */
  readonly nextAt: number | null;
  /** Milliseconds until the windows of all keys are over. */
  readonly coolMs: number;
  /** Takes a newer answer of GET /gateway/bot. */
  tellBudget(limit: SessionStartLimit): void;
}

/** What a window is longer by here, so that two identifies the network pushes together still arrive apart. */
const SLACK = 0.03;

/** How long a grant may lie about before it has run out. */
const GRANT_LIFETIME_MS = 5_000;

/** A wait here keeps no process alive: whoever waits has a connection that does. */
const clock = {
  setTimeout: (fn: (...args: unknown[]) => void, ms: number) => setTimeout(fn, ms).unref(),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
};

class Limiter implements ProcessIdentifyLimiter {
  readonly actor: Actor<typeof identifyQueueMachine>;
  readonly #waiters = new Map<number, (grant: IdentifyGrant) => void>();
  /** When the windows of the keys end. */
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
    return new Promise((resolve, reject) => {
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
 * An identify limiter for the shards of one process: one IDENTIFY per `shard_id % max_concurrency` in any window, and no
 * more a day than `sessionStartLimit` has left.
 *
 * The window starts when IDENTIFY leaves (`commit`), not when the turn was given. A grant nobody commits runs out
 * after 5 s. Who waits when the day is spent waits until it is renewed.
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
