import type { GatewayDispatchEvents, GatewayDispatchPayload } from 'discord-api-types/v10';
import type { Lifecycle } from '../../machines/lifecycle.js';
import type { ShardEvent } from '../../machines/shard.types.js';
import type { Malformed } from '../actors/frameReader.js';
import type { Decision } from '../protocol/decision.js';
import type { FatalShardError } from '../util/errors.js';

/** The dispatches by name, with their data: `MESSAGE_CREATE` -> `GatewayMessageCreateDispatchData`. */
export type DispatchEvents = {
  [Name in `${GatewayDispatchEvents}`]: Extract<GatewayDispatchPayload, { t: `${Name}` }>['d'];
};

/**
 * One step of a shard's life, for logs, pictures and replay.
 *
 * There is one for every change of the lifecycle state and one for every decision. It carries no token and no content.
 */
export interface TransitionRecord {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly shardId: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  /** The event of the chart that caused it, whole. */
  readonly event: ShardEvent | { readonly type: string };
  /** Why, and what follows; null where nothing had to be decided. */
  readonly decision: Decision | null;
  readonly session: { readonly id: string; readonly sequence: number } | null;
}

/** Events of a shard's own life. */
export interface LifecycleEvents {
  /** A new session: READY has been received and the shard is Connected. */
  ready: DispatchEvents['READY'];
  /** The session goes on: RESUMED has been received, after this many missed dispatches. */
  resumed: { readonly replayed: number };
  /** Every dispatch, whole. With a listener here everything is parsed (or what the `events` option names). */
  dispatch: GatewayDispatchPayload;
  /** Every frame received, as the text it came as. */
  raw: string;
  /** A connection is up: HELLO has been received, with the milliseconds between two heartbeats. */
  hello: { readonly interval: number };
  /**
   * A heartbeat was acknowledged. `latency` in milliseconds; `sentAt`, when it left, and `ackAt` in milliseconds since the
   * epoch.
   */
  heartbeat: { readonly latency: number; readonly sentAt: number; readonly ackAt: number };
  /** Connected and acknowledged, and no event since `lastDispatchAt` (milliseconds since the epoch): see the option `quiet`. */
  quiet: { readonly lastDispatchAt: number };
  transition: TransitionRecord;
  /**
   * A connection ended, or an attempt at one; `decision` says what follows. `error` is what the network failed with, and null
   * where a close frame ended the connection.
   */
  disconnected: {
    readonly code: number | null;
    readonly reason: string;
    readonly error: Error | null;
    readonly decision: Decision | null;
  };
  /** A frame that was not what the protocol allows. It was skipped, or its connection dropped and resumed. */
  malformed: Malformed;
  /** The gateway refused the shard for good. `connect()` rejects with the same error. */
  fatal: FatalShardError;
  /** One line on what the shard does, for a human. */
  debug: string;
}

/** Everything `shard.on` knows. */
export type ShardEvents = LifecycleEvents & DispatchEvents;
