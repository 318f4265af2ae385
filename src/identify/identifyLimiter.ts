import { createActor, type Actor } from 'xstate';
import { identifyQueueMachine, type IdentifyTicket } from '../../machines/identifyQueue.js';
import { warn } from '../util/logger.js';
import { refuse, whole } from '../util/options.js';
import { isNumberFrom, isWhole } from '../util/predicates.js';
import { BUDGET_PERIOD_MS, IDENTIFY_WINDOW_MS } from '../protocol/limits.js';
import type { identifyAllowanceMachine } from '../../machines/identifyAllowance.js';
import { Allowance, type AllowanceDeps, type IdentifyStore } from './allowance.js';
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
  /**
   * Keeps the identifies of the last 24 hours, so that a process that crashes and starts again and again does not spend the
   * day. Default: they are counted in this process only. A bare shard's own limiter uses the shard's `sessionStore`.
   */
  sessionStore?: IdentifyStore;
  /** Receives what the store could not do, as one sentence. Default: a warning of the process. */
  onError?: (message: string) => void;
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
  /**
   * The chart of the allowance: a shard's first identify passes, further ones take a permit that time brings back. It emits
   * `allowance.exhausted` and `allowance.renewed`.
   */
  readonly allowance: Actor<typeof identifyAllowanceMachine>;
  /** Null while Discord has not told the day's limit: identifies are counted against 1 000 in 24 hours then. */
  readonly budget: IdentifyBudgetLeft | null;
  /** Number of shards that wait for their turn. */
  readonly waiting: number;
  /** Earliest time of the next identify, in milliseconds since the epoch; null while no shard waits. */
  readonly nextAt: number | null;
  /** Milliseconds until the windows of all keys are over. */
  readonly coolMs: number;
  /** Takes a newer answer of GET /gateway/bot. Another `max_concurrency` applies from the next identify on. */
  tellBudget(limit: SessionStartLimit & { readonly max_concurrency?: number }): void;
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
  /** End of each shard's window. */
  readonly #cooling = new Map<number, number>();
  #lastId = 0;
  #resetAt = 0;

  readonly #allowance: Allowance;
  readonly #tickets = new Map<number, IdentifyTicket>();

  constructor(
    maxConcurrency: number,
    windowMs: number,
    reserve: number,
    deps: Pick<AllowanceDeps, 'store' | 'report'>,
  ) {
    this.actor = createActor(identifyQueueMachine, {
      clock,
      input: { maxConcurrency, windowMs, reserve, grantLifetimeMs: GRANT_LIFETIME_MS },
    });
    this.actor.on('identify.granted', ({ id }) => this.#waiters.get(id)?.(this.#grant(id)));
    this.actor.start();
    this.#allowance = new Allowance({
      ...deps,
      clock,
      onGranted: (id) => {
        const ticket = this.#tickets.get(id);
        if (ticket !== undefined) this.actor.send({ type: 'queue.join', ticket });
      },
    });
  }

  get allowance(): Actor<typeof identifyAllowanceMachine> {
    return this.#allowance.actor;
  }

  get budget(): IdentifyBudgetLeft | null {
    const { budget } = this.actor.getSnapshot().context;
    if (budget === null) return null;
    while (this.#resetAt <= Date.now()) this.#resetAt += BUDGET_PERIOD_MS;
    return { ...budget, resetAt: this.#resetAt };
  }

  get waiting(): number {
    return this.#allowance.waiting + this.actor.getSnapshot().context.waiting.length;
  }

  get nextAt(): number | null {
    const snapshot = this.actor.getSnapshot();
    const { waiting, maxConcurrency } = snapshot.context;
    if (waiting.length === 0) return this.#allowance.nextAt;
    if (snapshot.matches('exhausted')) return this.budget?.resetAt ?? null;
    const endOfKey = new Map<number, number>();
    for (const [shardId, end] of this.#cooling) {
      const key = shardId % maxConcurrency;
      endOfKey.set(key, Math.max(end, endOfKey.get(key) ?? 0));
    }
    const ends = waiting.map(({ shardId }) => endOfKey.get(shardId % maxConcurrency) ?? 0);
    return Math.max(Date.now(), Math.min(...ends));
  }

  get coolMs(): number {
    return Math.max(0, Math.max(0, ...this.#cooling.values()) - Date.now());
  }

  tellBudget(limit: SessionStartLimit & { readonly max_concurrency?: number }): void {
    checkLimit(limit);
    const { total, remaining, reset_after: resetAfterMs, max_concurrency: maxConcurrency } = limit;
    if (maxConcurrency !== undefined) {
      whole('max_concurrency', maxConcurrency, { min: 1 });
      this.actor.send({ type: 'concurrency.told', maxConcurrency });
    }
    this.#resetAt = Date.now() + resetAfterMs;
    this.#allowance.actor.send({ type: 'day.told', total });
    this.actor.send({ type: 'budget.told', budget: { total, remaining, resetAfterMs } });
  }

  acquire(shardId: number, { signal }: { signal: AbortSignal }): Promise<IdentifyGrant> {
    const granted = new Promise<IdentifyGrant>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const id = ++this.#lastId;
      const leave = () => {
        this.#waiters.delete(id);
        this.actor.send({ type: 'queue.leave', id });
        this.#giveBack(id);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.set(id, (grant) => {
        this.#waiters.delete(id);
        signal.removeEventListener('abort', leave);
        resolve(grant);
      });
      this.#tickets.set(id, { id, shardId });
      this.#allowance.actor.send({ type: 'allowance.ask', ticket: { id, shardId } });
    });
    return handled(granted);
  }

  #grant(id: number): IdentifyGrant {
    return {
      commit: () => {
        const { granted, windowMs } = this.actor.getSnapshot().context;
        const ticket = granted.find((other) => other.id === id);
        if (ticket === undefined) {
          this.#giveBack(id);
          return false;
        }
        this.#cooling.set(ticket.shardId, Date.now() + windowMs);
        this.actor.send({ type: 'grant.commit', id });
        this.#tickets.delete(id);
        const saved = this.#allowance.spend(id);
        return saved === null ? true : saved.then(() => true);
      },
      cancel: () => {
        this.actor.send({ type: 'grant.cancel', id });
        this.#giveBack(id);
      },
    };
  }

  #giveBack(id: number): void {
    this.#tickets.delete(id);
    this.#allowance.actor.send({ type: 'allowance.return', id });
  }
}

/**
 * Creates an identify limiter for the shards of one process: one IDENTIFY per `shard_id % max_concurrency` in any window,
 * and no more a day than `sessionStartLimit` has left, or 1 000 in 24 hours where it is not given.
 *
 * A shard's first identify waits for its window alone. Every further one also takes a permit that all shards of the limiter
 * share: 10, or two a shard, come at once, then about one in 90 s for a small bot. Time alone brings permits back.
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
  sessionStore,
  onError = warn,
}: IdentifyLimiterOptions = {}): ProcessIdentifyLimiter {
  checkBudget({ maxConcurrency, window, reserve, sessionStartLimit });
  const limiter = new Limiter(maxConcurrency, window * (1 + SLACK), reserve, { store: sessionStore, report: onError });
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
