import type { LoseSession } from '../faults/faults.js';
import { BoundedLog } from '../records/boundedLog.js';
import type { DispatchPayload } from './dispatchPayload.js';
import type { Identity } from './readIdentify.js';

/**
 * Session as the gateway knows it.
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 */
export interface SimulatedSession {
  readonly id: string;
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  /** Sequence `s` of the last dispatch, whether a connection was open to receive it or not. */
  readonly sequence: number;
  /** Connection's `id`, or null while the session has no connection. */
  readonly connection: number | null;
}

/** Connection that a session's dispatches go to. */
export interface SessionHolder {
  readonly id: number;
  apply(action: LoseSession): boolean;
  sendDispatch(payload: DispatchPayload, sequence: number, occasion: 'dispatch'): void;
  /** Closes because another connection has resumed the session. */
  yieldSession(): void;
}

/** Session with its dispatches. The n-th one it keeps has the sequence n + 1. */
export class Session implements SimulatedSession {
  readonly id: string;
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  /** True where IDENTIFY asked for payload compression; a RESUME keeps it. */
  readonly compress: boolean;
  readonly #dispatches: BoundedLog<DispatchPayload>;
  #holder: SessionHolder | null = null;
  #detachedAt = 0;

  constructor(id: string, identity: Identity, maxReplay: number) {
    this.id = id;
    this.shardId = identity.shardId;
    this.total = identity.total;
    this.intents = identity.intents;
    this.compress = identity.compress;
    this.#dispatches = new BoundedLog(maxReplay);
  }

  get sequence(): number {
    return this.#dispatches.count;
  }

  get connection(): number | null {
    return this.#holder?.id ?? null;
  }

  get holder(): SessionHolder | null {
    return this.#holder;
  }

  attach(holder: SessionHolder): void {
    this.#holder = holder;
  }

  detach(now: number): void {
    this.#holder = null;
    this.#detachedAt = now;
  }

  hasExpired(now: number, timeoutMs: number): boolean {
    return this.#holder === null && now - this.#detachedAt > timeoutMs;
  }

  /** Keeps a dispatch for replay and returns its sequence. */
  append(payload: DispatchPayload): number {
    this.#dispatches.push(payload);
    return this.sequence;
  }

  /** Keeps a dispatch for replay and sends it to the holder, if there is one. */
  dispatch(payload: DispatchPayload): void {
    const sequence = this.append(payload);
    this.#holder?.sendDispatch(payload, sequence, 'dispatch');
  }

  /** True where every dispatch after `sequence` is still kept. */
  canReplay(sequence: number): boolean {
    return sequence >= this.#dispatches.forgotten;
  }

  missedSince(sequence: number): DispatchPayload[] {
    return this.#dispatches.since(sequence);
  }
}
