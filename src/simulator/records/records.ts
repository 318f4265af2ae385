import type { ConnectionAction, Fault } from '../faults/faults.js';

/**
 * One gateway payload on the wire, as sent or received.
 *
 * See [Discord Docs/Gateway Payload Structure](https://docs.discord.com/developers/events/gateway-events#payload-structure).
 */
export interface RecordedFrame {
  /** Milliseconds on the simulator's clock (since the epoch, unless `now` was given). */
  readonly at: number;
  /** `id` of the connection. */
  readonly connection: number;
  /** Shard the connection had authenticated as by then, or as which this very frame asks to; else null. */
  readonly shardId: number | null;
  readonly direction: 'client' | 'gateway';
  /** Null where the frame was not a gateway payload at all. */
  readonly op: number | null;
  readonly t: string | null;
  readonly s: number | null;
  /** Payload as parsed, not copied; a `token` in it reads {@link REDACTED}. */
  readonly d: unknown;
  /** Bytes of UTF-8, before compression. */
  readonly bytes: number;
}

/** What stands in place of a token in everything recorded. */
export const REDACTED = '[redacted]';

/** What happened around the payloads: HTTP, upgrades, closes, and the faults that struck. */
export type LogEntry =
  | {
      readonly kind: 'api';
      readonly at: number;
      readonly path: string;
      /** HTTP status of the answer, or what came instead of one. */
      readonly outcome: number | 'hang' | 'reset';
    }
  | {
      readonly kind: 'upgrade';
      readonly at: number;
      readonly path: string;
      /** 101 where a connection came of it. */
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

/** A rule of the gateway's that a client can break. */
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
  | 'not authenticated'
  | 'over 4096 bytes'
  | 'over presence limit'
  | 'over send limit'
  | 'second session for shard'
  | 'second socket for session'
  | 'sharding required'
  | 'unknown opcode';

/** A rule the client broke. A fault the simulator was told to commit is never one. */
export interface Violation {
  readonly at: number;
  readonly connection: number;
  readonly shardId: number | null;
  readonly rule: Rule;
  /** What exactly was wrong, for people; no part of what the client sent but numbers. */
  readonly detail: string;
}

/**
 * An IDENTIFY that was well formed and carried an accepted token.
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
