import { BoundedLog } from '../records/boundedLog.js';
import type { Connection } from './connection.js';

/** A dispatch before it has a sequence number: one object for all the sessions it goes to. */
export interface DispatchPayload {
  readonly t: string;
  readonly d: unknown;
  /** `d` as JSON. */
  readonly json: string;
}

/**
 * What the gateway knows of a session.
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 */
export interface SimulatedSession {
  readonly id: string;
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  /** `s` of the last dispatch, whether the client was there to receive it or not. */
  readonly sequence: number;
  /** `id` of the connection that holds it, or null while the shard is away. */
  readonly connection: number | null;
}

/** A session with its dispatches: the n-th of the log has the sequence n + 1. */
export class Session implements SimulatedSession {
  readonly id: string;
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  /** Whether IDENTIFY asked for payload compression; it outlives the connection. */
  readonly compress: boolean;
  readonly #dispatches: BoundedLog<DispatchPayload>;
  #holder: Connection | null = null;
  #lostAt = 0;

  constructor(
    id: string,
    identity: { shardId: number; total: number; intents: number; compress: boolean },
    maxReplay: number,
  ) {
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

  get holder(): Connection | null {
    return this.#holder;
  }

  attach(holder: Connection): void {
    this.#holder = holder;
  }

  detach(now: number): void {
    this.#holder = null;
    this.#lostAt = now;
  }

  hasExpired(now: number, timeout: number): boolean {
    return this.#holder === null && now - this.#lostAt > timeout;
  }

  /** Keeps a dispatch for replay and returns its sequence. */
  append(payload: DispatchPayload): number {
    this.#dispatches.push(payload);
    return this.sequence;
  }

  /** Whether every dispatch after `sequence` can still be replayed. */
  canReplay(sequence: number): boolean {
    return sequence >= this.#dispatches.forgotten;
  }

  missedSince(sequence: number): DispatchPayload[] {
    return this.#dispatches.since(sequence);
  }
}
