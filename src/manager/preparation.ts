import { fromCallback, type EventObject } from 'xstate';
import type { PreparationInput, PreparationReport, Prepared } from '../../machines/manager.types.js';
import { fetchGatewayInfo } from './gatewayInfo.js';
import type { Logger } from '../util/logger.js';
import { identityOf, otherIdentity } from '../protocol/identity.js';
import { isSession, plainSession, type Session } from '../protocol/session.js';
import { sumOfIntents } from '../protocol/intents.js';
import { agentFetch } from '../util/network/agentFetch.js';
import { within } from '../util/within.js';
import type { IdentifyControl, Limits } from './identifyControl.js';
import { checkIds, type GatewayInfo, type ResolvedManagerOptions } from './options.js';
import { messageOf } from '../util/messageOf.js';

/** Time limit of the session store. A shard whose session could not be read asks the store again. */
const STORE_LIMIT_MS = 10_000;

export interface PreparationDeps {
  readonly options: ResolvedManagerOptions;
  readonly identifies: IdentifyControl;
  readonly logger: Logger;
  /** The set that was in service before everything went down. */
  readonly lastServed: () => { readonly total: number; readonly ids: readonly number[] } | null;
  /** Total and sessions of the set that was shut down last; null for a session that had ended. */
  readonly left: () => { readonly total: number; readonly sessions: ReadonlyMap<number, Session | null> };
}

/** Finds out the facts that must be known before shards connect. */
export class Preparation {
  readonly #deps: PreparationDeps;
  #info: GatewayInfo | null;
  /** True once `#info` is an answer that was asked for here. */
  #isAsked = false;
  /** The session each shard resumes; null where it is known to have none. */
  sessions: ReadonlyMap<number, Session | null> = new Map();
  /** The last failure. */
  error: unknown = null;

  constructor(deps: PreparationDeps) {
    this.#deps = deps;
    this.#info = deps.options.gatewayInfo ?? null;
  }

  /** The gateway's first URL; null until it is known. */
  get url(): string | null {
    return this.#info?.url ?? null;
  }

  /** Asks GET /gateway/bot again where it was asked before. URL, limits and `max_concurrency` change in place. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (!this.#isAsked) return;
    const before = this.url;
    await this.#fetchInfo(signal);
    this.#takeLimits();
    if (this.url !== before) this.#deps.logger.info(`GET /gateway/bot names another URL now: ${this.url}`);
  }

  logic() {
    return fromCallback<EventObject, PreparationInput, PreparationReport & EventObject>(({ input, sendBack }) => {
      const abort = new AbortController();
      const send = (report: PreparationReport) => {
        if (!abort.signal.aborted) sendBack(report);
      };
      this.#prepare(input, abort.signal).then(
        (prepared) => send({ type: 'manager.prepared', prepared }),
        (error: unknown) => {
          this.error = error;
          send({ type: 'manager.unprepared' });
        },
      );
      return () => abort.abort(new Error('The manager no longer waits for the preparation.'));
    });
  }

  async #prepare(input: PreparationInput, signal: AbortSignal): Promise<Prepared> {
    const { options, identifies, lastServed } = this.#deps;
    const isReshard = input.for !== 'connect';
    const wanted = input.for === 'connect' ? (lastServed() ?? options) : input.for;
    await this.#askGateway(wanted.total === 'auto', isReshard, signal);
    const total = wanted.total === 'auto' ? (this.#info?.shards ?? 1) : wanted.total;
    const ids = wanted.ids ?? Array.from({ length: total }, (_, id) => id);
    checkIds(ids, total);
    // A session receives the events of its shard id and total, so a set of another total cannot resume it.
    this.sessions = isReshard ? new Map(ids.map((id) => [id, null])) : await this.#sessionsOf(ids, total, signal);
    return {
      total,
      ids,
      resumable: ids.filter((id) => this.sessions.get(id)),
      maxConcurrency: identifies.concurrency,
      identifiesLeft: identifies.left,
    };
  }

  /** Asks the gateway for the facts that no option gives: the total, the limits. */
  async #askGateway(needsTotal: boolean, isReshard: boolean, signal: AbortSignal): Promise<void> {
    const { options, identifies } = this.#deps;
    const { gatewayInfo, sessionStartLimit } = options;
    const needsLimits = !identifies.isOutside && sessionStartLimit === undefined;
    // A given answer is older than the process: `reshard('auto')` needs the number of shards recommended now.
    const isGiven = gatewayInfo !== undefined && !(isReshard && needsTotal);
    // An API that the options name has a gateway of its own, and only sessions of that gateway's domain are trusted.
    const needsUrl = options.api !== undefined && options.url === undefined && options.options.url === undefined;
    const asks = !isGiven && (needsTotal || needsLimits || needsUrl);
    if (asks) await this.#fetchInfo(signal);
    if (asks || identifies.own === null) this.#takeLimits();
  }

  async #fetchInfo(signal: AbortSignal): Promise<void> {
    const { token, api, options } = this.#deps.options;
    // The proxy of the sockets is the proxy of the API.
    const fetch = this.#deps.options.fetch ?? (options.agent === undefined ? undefined : agentFetch(options.agent));
    const onRetry = (reason: string, failures: number) => this.#reportRetry(reason, failures);
    this.#info = await fetchGatewayInfo(token, {
      ...(api !== undefined && { api }),
      ...(fetch !== undefined && { fetch }),
      signal,
      onRetry,
    });
    this.#isAsked = true;
  }

  #takeLimits(): void {
    const { options, identifies } = this.#deps;
    const { sessionStartLimit } = options;
    // Limits from the options are taken once, and counted down from there.
    if (identifies.own !== null && sessionStartLimit !== undefined) return;
    const limits = { ...this.#info?.session_start_limit, ...sessionStartLimit };
    if (isLimit(limits)) identifies.setLimits(limits);
  }

  /** Warns when the API has failed for a second or two, and then ever more rarely: at 2, 4, 8 … failures. */
  #reportRetry(reason: string, failures: number): void {
    if (failures < 2 || !Number.isInteger(Math.log2(failures))) return;
    this.#deps.logger.warn(
      `Discord's API has not answered ${failures} times: ${reason}. It is asked again. ` +
        'Check https://discordstatus.com and the network of this machine.',
    );
  }

  async #setStoreTotal(total: number, signal: AbortSignal): Promise<void> {
    const { options, logger } = this.#deps;
    try {
      await within(STORE_LIMIT_MS, options.sessionStore?.setTotal?.(total), 'answer', signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.error(
        `sessionStore.setTotal(${total}) failed; sessions of another total may be left in it: ${messageOf(error)}`,
      );
    }
  }

  /** The newest session of each shard: left by the shard before it, given as an option, or stored. */
  async #sessionsOf(
    ids: readonly number[],
    total: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Session | null>> {
    const { options, left, logger } = this.#deps;
    const { shardOptions, sessionStore } = options;
    const last = left();
    await this.#setStoreTotal(total, signal);
    const found = ids.map(async (id): Promise<readonly [number, Session | null] | null> => {
      const leftBehind = last.total === total ? last.sessions.get(id) : undefined;
      // A session that has ended (null) is not replaced by an older one.
      const known = leftBehind === undefined ? shardOptions[id]?.session : leftBehind;
      if (known) return [id, known];
      if (sessionStore === undefined) return [id, null];
      try {
        const stored = await within(STORE_LIMIT_MS, sessionStore.get(id), 'answer', signal);
        if (stored === null || stored === undefined) return [id, null];
        if (!isSession(stored)) return null;
        const other = otherIdentity(stored, identityOf(sumOfIntents(options.intents), id, total));
        if (other === null) return [id, plainSession(stored)];
        logger.warn(`the stored session of shard ${id} is not resumed: ${other}. The shard identifies.`);
        return [id, null];
      } catch {
        signal.throwIfAborted();
        // The shard asks the store again, and reports the failure.
        return null;
      }
    });
    return new Map((await Promise.all(found)).filter((entry) => entry !== null));
  }
}

/** False where only `max_concurrency` is known: the day is not counted then. */
const isLimit = (limits: Partial<Limits>): limits is Limits => limits.remaining !== undefined;
