import { fromCallback, type EventObject } from 'xstate';
import type { PreparationInput, PreparationReport, Prepared } from '../../machines/manager.types.js';
import { fetchGatewayInfo } from './gatewayInfo.js';
import type { Logger } from '../util/logger.js';
import { isSession, plainSession, type Session } from '../protocol/session.js';
import { within } from '../util/within.js';
import type { Identifies, Limits } from './identifyControl.js';
import { checkIds, type GatewayInfo, type ResolvedManagerOptions } from './options.js';

/** How long the store may take to tell what it has: a shard asks again by itself. */
const STORE_LIMIT_MS = 10_000;

export interface PreparationParts {
  readonly options: ResolvedManagerOptions;
  readonly identifies: Identifies;
  readonly logger: Logger;
  /** The set that was in service before everything went down. */
  readonly lastServed: () => { readonly total: number; readonly ids: readonly number[] } | null;
  /** Sessions of the set that was shut down last, null where they had ended, and its total. */
  readonly left: () => { readonly total: number; readonly sessions: ReadonlyMap<number, Session | null> };
}

/** Finds out what must be known before shards connect. */
export class Preparation {
  readonly #parts: PreparationParts;
  #info: GatewayInfo | null;
  /** What each shard resumes; null where it is known to have nothing. */
  sessions: ReadonlyMap<number, Session | null> = new Map();
  /** Why it failed last. */
  error: unknown = null;

  constructor(parts: PreparationParts) {
    this.#parts = parts;
    this.#info = parts.options.gatewayInfo ?? null;
  }

  /** The gateway's first URL, where anybody has said so. */
  get url(): string | null {
    return this.#info?.url ?? null;
  }

  logic() {
    return fromCallback<EventObject, PreparationInput, PreparationReport & EventObject>(({ input, sendBack }) => {
      const abort = new AbortController();
      const tell = (report: PreparationReport) => {
        if (!abort.signal.aborted) sendBack(report);
      };
      this.#prepare(input, abort.signal).then(
        (prepared) => tell({ type: 'manager.prepared', prepared }),
        (error: unknown) => {
          this.error = error;
          tell({ type: 'manager.unprepared' });
        },
      );
      return () => abort.abort(new Error('the manager no longer waits for it'));
    });
  }

  async #prepare(input: PreparationInput, signal: AbortSignal): Promise<Prepared> {
    const { options, identifies, lastServed } = this.#parts;
    const isReshard = input.for !== 'connect';
    const wanted = input.for === 'connect' ? (lastServed() ?? options) : input.for;
    await this.#learn(wanted.total === 'auto', isReshard, signal);
    const total = wanted.total === 'auto' ? (this.#info?.shards ?? 1) : wanted.total;
    const ids = wanted.ids ?? Array.from({ length: total }, (_, id) => id);
    checkIds(ids, total);
    // A session goes on receiving what its shard of its total did: another set begins anew.
    this.sessions = isReshard ? new Map(ids.map((id) => [id, null])) : await this.#sessionsOf(ids, total, signal);
    return {
      total,
      ids,
      resumable: ids.filter((id) => this.sessions.get(id)),
      maxConcurrency: identifies.concurrency,
      identifiesLeft: identifies.left,
    };
  }

  /** Asks the gateway for what nobody has said: the total, the limits. */
  async #learn(needsTotal: boolean, isReshard: boolean, signal: AbortSignal): Promise<void> {
    const { options, identifies } = this.#parts;
    const { token, gatewayInfo, sessionStartLimit, api } = options;
    const needsLimits = !identifies.isOutside && sessionStartLimit === undefined;
    // What was given is from before the start: how many shards are recommended now is another question.
    const isGiven = gatewayInfo !== undefined && !(isReshard && needsTotal);
    const asks = !isGiven && (needsTotal || needsLimits);
    if (asks) this.#info = await fetchGatewayInfo(token, { ...(api !== undefined && { api }), signal });
    const isFirst = identifies.own === null;
    // Limits that were given are told once: they are counted down from there.
    if (!isFirst && (!asks || sessionStartLimit !== undefined)) return;
    const limits = { ...this.#info?.session_start_limit, ...sessionStartLimit };
    if (isLimit(limits)) await identifies.tell(limits, { isIdle: !isReshard, signal });
  }

  async #tellStore(total: number, signal: AbortSignal): Promise<void> {
    const { options, logger } = this.#parts;
    try {
      await within(STORE_LIMIT_MS, options.sessionStore?.setTotal?.(total), 'answer', signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.error(`the session store could not be told the total: ${String(error)}`);
    }
  }

  /** The newest there is of each: left by the shard before, given, or stored. */
  async #sessionsOf(
    ids: readonly number[],
    total: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Session | null>> {
    const { options, left } = this.#parts;
    const { shardOptions, sessionStore } = options;
    const before = left();
    await this.#tellStore(total, signal);
    const found = ids.map(async (id): Promise<readonly [number, Session | null] | null> => {
      const last = before.total === total ? before.sessions.get(id) : undefined;
      // One that has ended is not begun again.
      const known = last === undefined ? shardOptions[id]?.session : last;
      if (known) return [id, known];
      if (sessionStore === undefined) return [id, null];
      try {
        const stored = await within(STORE_LIMIT_MS, sessionStore.get(id), 'answer', signal);
        if (stored === null || stored === undefined) return [id, null];
        return isSession(stored) ? [id, plainSession(stored)] : null;
      } catch {
        signal.throwIfAborted();
        // The shard asks again, and tells what is wrong.
        return null;
      }
    });
    return new Map((await Promise.all(found)).filter((entry) => entry !== null));
  }
}

/** There may be nothing but a concurrency: then the day is not known. */
const isLimit = (limits: Partial<Limits>): limits is Limits => limits.remaining !== undefined;
