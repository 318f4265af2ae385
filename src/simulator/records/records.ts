import type { ConnectionAction, Fault } from '../faults/faults.js';

/**
 * Gateway payload that was sent or received.
 *
 * See [Discord Docs/Gateway Payload Structure](https://docs.discord.com/developers/events/gateway-events#payload-structure).
 */
export interface RecordedFrame {
  /** Milliseconds on the simulator's clock (since the epoch, unless `now` was given). */
  readonly at: number;
  /** Connection's `id`. */
  readonly connection: number;
  /** Shard the connection has authenticated as, or that this IDENTIFY or RESUME names; null before. */
  readonly shardId: number | null;
  readonly direction: 'client' | 'gateway';
  /** Opcode; null where the frame was not a gateway payload. */
  readonly op: number | null;
  readonly t: string | null;
  readonly s: number | null;
  /** Payload's `d` as parsed, not copied; a `token` in it reads {@link REDACTED}. */
  readonly d: unknown;
  /** Size in bytes of UTF-8, before compression. */
  readonly bytes: number;
}

/** Text that replaces a token in every record. */
export const REDACTED = '[redacted]';

/** Event around the payloads: an HTTP request, an upgrade, a close, or a fault that was committed. `at` is in milliseconds. */
export type LogEntry =
  | {
      readonly kind: 'api';
      readonly at: number;
      readonly method: string;
      /** Path of the request; a token in it reads {@link REDACTED}. */
      readonly path: string;
      /** HTTP status of the answer, or the fault that came instead of one. */
      readonly outcome: number | 'hang' | 'reset';
    }
  | {
      readonly kind: 'upgrade';
      readonly at: number;
      readonly path: string;
      /** HTTP status, 101 where a connection was made; or the fault that came instead of an answer. */
      readonly outcome: number | 'hang' | 'reset';
      readonly connection: number | null;
    }
  | {
      readonly kind: 'close';
      readonly at: number;
      readonly connection: number;
      readonly shardId: number | null;
      readonly by: 'client' | 'gateway';
      /** Null where the connection ended without a close frame. */
      readonly code: number | null;
      readonly reason: string;
    }
  | {
      readonly kind: 'fault';
      readonly at: number;
      readonly connection: number | null;
      readonly shardId: number | null;
      readonly fault: ConnectionAction | Fault;
    };

/** Gateway rule that a client can break. */
export type Rule =
  | 'already authenticated'
  | 'authentication failed'
  | 'decode error'
  | 'disallowed intents'
  | 'heartbeat ahead of session'
  | 'heartbeat missed'
  | 'identify budget spent'
  | 'identify too fast'
  | 'invalid API version'
  | 'invalid intents'
  | 'invalid sequence'
  | 'invalid shard'
  | 'missing intent'
  | 'not authenticated'
  | 'over 4096 bytes'
  | 'over members limit'
  | 'over presence limit'
  | 'over send limit'
  | 'second session for shard'
  | 'second socket for session'
  | 'sharding required'
  | 'unknown opcode';

/**
 * Rule the client broke. A fault that the simulator commits is never a violation.
 *
 * See [Discord Docs/Gateway Close Event Codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
 */
export interface Violation {
  readonly at: number;
  readonly connection: number;
  readonly shardId: number | null;
  readonly rule: Rule;
  /** Description for people. Of the client's own input it quotes numbers alone. */
  readonly detail: string;
}

/**
 * IDENTIFY that was well formed and carried an accepted token, so that it counted against the limits.
 *
 * See [Discord Docs/Identifying](https://docs.discord.com/developers/events/gateway#identifying).
 */
export interface IdentifyRecord {
  readonly at: number;
  readonly connection: number;
  readonly shardId: number;
  readonly total: number;
  /** `shard_id % max_concurrency`. */
  readonly bucket: number;
  readonly outcome: 'accepted' | 'identify too fast' | 'identify budget spent';
}
