import type { IdentifyGrant } from '../../identify/limiter.js';
import type { IdentifyBudgetLeft, SessionStartLimit } from '../../identify/identifyLimiter.js';
import { messageOf } from '../../util/messageOf.js';
import { ShardError } from '../../util/errors.js';
import type { IdentifyKeys } from '../keys.js';
import type { Scripts } from '../redis/script.js';
import { askScript, commitScript, leaveScript, tellScript } from './identifyScripts.js';

export interface IdentifyQueueDeps {
  readonly scripts: Promise<Scripts>;
  readonly keys: IdentifyKeys;
  /** Differs for each process and each start. */
  readonly instance: string;
  /** Counts where Redis was told none. */
  readonly maxConcurrency: number;
  readonly windowMs: number;
  readonly reserve: number;
  /** Receives what Redis could not do, as one sentence, once an outage. */
  readonly onError: (message: string) => void;
}

/** Time in which a grant must be committed. */
const GRANT_LIFETIME_MS = 5_000;

/** A waiter that has not asked for so long is gone. */
const STALE_MS = 3_000;

/** Time between two questions, at most and at least. */
const MAX_POLL_MS = 1_000;
const MIN_POLL_MS = 20;

/** Tickets in one question. */
const MAX_TICKETS = 256;

interface Waiter {
  readonly shardId: number;
  readonly resolve: (grant: IdentifyGrant) => void;
}

/** The shards of this process that wait for an identify, in front of the queue in Redis. */
export class IdentifyQueue {
  readonly #deps: IdentifyQueueDeps;
  /** In the order they came. */
  readonly #waiters = new Map<string, Waiter>();
  #number = 0;
  #timer: NodeJS.Timeout | null = null;
  #isAsking = false;
  #asksAgain = false;
  #isClosed = false;
  #hasFailed = false;
  budget: IdentifyBudgetLeft | null = null;

  constructor(deps: IdentifyQueueDeps) {
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  acquire(shardId: number, signal: AbortSignal): Promise<IdentifyGrant> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (this.#isClosed) return reject(new ShardError('CLOSED', 'The identify limiter has been closed.'));
      const ticket = `${shardId}:${this.#deps.instance}:${(this.#number += 1)}`;
      const leave = () => {
        this.#waiters.delete(ticket);
        void this.#leave([ticket]);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.set(ticket, {
        shardId,
        resolve: (grant) => {
          signal.removeEventListener('abort', leave);
          resolve(grant);
        },
      });
      this.poll();
    });
  }

  /** Takes what GET /gateway/bot says; parts that are left out stay as they are. */
  async tell(limit: Partial<SessionStartLimit> & { readonly max_concurrency?: number }): Promise<void> {
    const { total = -1, remaining = -1, reset_after = -1, max_concurrency = -1 } = limit;
    const answer = await this.#run(tellScript, [total, remaining, Math.ceil(reset_after), max_concurrency]);
    this.#takeDay(answer as number[]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const tickets = [...this.#waiters.keys()];
    this.#waiters.clear();
    if (tickets.length > 0) await this.#leave(tickets);
  }

  /** Asks Redis now: something may have changed. */
  poll(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asksAgain = this.#isAsking;
    if (!this.#isAsking) void this.#ask();
  }

  async #ask(): Promise<void> {
    // Those that have waited longest, more than any `max_concurrency`.
    const tickets = [...this.#waiters.keys()].slice(0, MAX_TICKETS);
    if (tickets.length === 0 || this.#isClosed) return;
    this.#isAsking = true;
    let waitMs = MAX_POLL_MS;
    try {
      const { windowMs, reserve, maxConcurrency } = this.#deps;
      const args = [windowMs, GRANT_LIFETIME_MS, STALE_MS, reserve, maxConcurrency, ...tickets];
      const answer = (await this.#run(askScript, args)) as [string[], number, number, number, number, number];
      waitMs = answer[2] + 1;
      this.#takeDay(answer.slice(3) as number[]);
      this.#hasFailed = false;
      for (const ticket of answer[0].map(String)) this.#onGranted(ticket);
    } catch (error) {
      if (!this.#hasFailed && !this.#isClosed) {
        this.#deps.onError(
          `Redis does not answer the identify queue; shards without a session wait: ${messageOf(error)}`,
        );
      }
      this.#hasFailed = true;
    }
    this.#isAsking = false;
    if (this.#waiters.size === 0 || this.#isClosed) return;
    if (this.#asksAgain) return this.poll();
    const nextMs = Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, waitMs));
    this.#timer = setTimeout(() => this.poll(), nextMs).unref();
  }

  #onGranted(ticket: string): void {
    const waiter = this.#waiters.get(ticket);
    // The shard has left since.
    if (waiter === undefined) return void this.#leave([ticket]);
    this.#waiters.delete(ticket);
    let isOver = false;
    waiter.resolve({
      commit: async () => {
        if (isOver) return false;
        isOver = true;
        const { windowMs, reserve } = this.#deps;
        return (await this.#run(commitScript, [ticket, windowMs, GRANT_LIFETIME_MS, reserve])) === 1;
      },
      cancel: async () => {
        if (isOver) return;
        isOver = true;
        await this.#leave([ticket]);
      },
    });
  }

  async #leave(tickets: readonly string[]): Promise<void> {
    try {
      await this.#run(leaveScript, tickets);
    } catch {
      // A waiter that does not ask, and a grant that is not committed, are removed by time.
    }
    if (this.#waiters.size > 0 && !this.#isClosed) this.poll();
  }

  #takeDay([total = -1, remaining = -1, resetAt = -1]: readonly number[]): void {
    this.budget = total < 0 ? null : { total, remaining: Math.max(0, remaining), resetAt };
  }

  async #run(...[script, args]: [Parameters<Scripts['run']>[0], Parameters<Scripts['run']>[2]]): Promise<unknown> {
    const { scripts, keys } = this.#deps;
    const { state, queue, seen, grants, recent, shards, hours } = keys;
    return (await scripts).run(script, [state, queue, seen, grants, recent, shards, hours], args);
  }
}
