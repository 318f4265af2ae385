import type { BackoffBounds } from '../src/protocol/backoff.js';
import type { ConnectionEnd, Decision } from '../src/protocol/decision.js';
import type { Target } from '../src/protocol/resumeTarget.js';
import type { Session } from '../src/protocol/session.js';
import type { BucketReport, Ticket } from './bucket.js';
import type { HeartbeatReport } from './heartbeat.js';

/** Limits of every wait, in milliseconds. Only the wait for the identify slot has none: it can be aborted. */
export interface ShardTimeouts {
  /** How long the session store may take to answer. Default 10 000. */
  readonly storeMs?: number;
  readonly handshakeMs: number;
  readonly helloMs: number;
  /** Every sign of life restarts it. */
  readonly readyMs: number;
  /** The whole wait for READY. Default 600 000. */
  readonly readyMaxMs?: number;
  /** Every replayed dispatch restarts it. */
  readonly resumedMs: number;
  /** How long a peer may take to answer our close before the socket is terminated. */
  readonly closeMs: number;
}

/** What becomes of a connection that is acknowledged and brings no event. */
export interface QuietWatch {
  /** Time without an event after which the connection is quiet. */
  readonly afterMs: number;
  /** True: it is dropped and resumed then. */
  readonly reconnects: boolean;
}

/** Input of a shard's chart: numbers and a session. No token is in it, nor in any event. */
export interface ShardInput {
  readonly shardId: number;
  readonly session: Session | null;
  /** A session store is there to be asked where `session` is null. Default false. */
  readonly asksStore?: boolean;
  readonly autoReconnect: boolean;
  /** Tries at the resume URL before the first URL has its turn. */
  readonly resumeAttempts: number;
  readonly timeouts: ShardTimeouts;
  readonly backoff: BackoffBounds;
  /** Default null: a quiet bot is not a broken one. */
  readonly quiet?: QuietWatch | null;
  /** Where the jitter starts from: a 32-bit integer, from a random source outside the chart. */
  readonly seed: number;
}

export interface ShardContext extends ShardInput {
  readonly quiet: QuietWatch | null;
  /** The session store may know a session; false once it has been asked, or the shard has gone up without it. */
  readonly asksStore: boolean;
  /** Connections since the last stable one. */
  readonly attempts: number;
  /** IDENTIFYs since the last stable connection. */
  readonly identifies: number;
  /** Connections in a row that were to resume and made no progress. */
  readonly resumeTries: number;
  /** URL of the connection under way. */
  readonly target: Target;
  /** `heartbeat_interval` of the last HELLO; 0 before the first. */
  readonly heartbeatIntervalMs: number;
  /** The random part of that interval which comes before the first beat. */
  readonly firstBeatMs: number;
  /** Dispatches that the resume under way has replayed. */
  readonly replayed: number;
  readonly lastDecision: Decision | null;
}

/** The user's commands. */
export type ShardCommand =
  | { type: 'connect'; session: Session | null }
  /** Up, within the session: stays down where there is none. */
  | { type: 'resume' }
  /** Up, with a new session. */
  | { type: 'identify' }
  | { type: 'reconnect' }
  | { type: 'reinstantiate' }
  | { type: 'disconnect'; code: number; reason: string }
  | { type: 'close'; code: number; reason: string }
  | { type: 'shutdown'; code: number; reason: string }
  | { type: 'abort'; code: number; reason: string }
  | { type: 'send'; ticket: Ticket }
  | { type: 'send.cancel'; id: number };

/** The session store's answer: the stored session or null, or why it could not be had. */
export type StoreReport =
  { type: 'store.answered'; session: Session | null } | { type: 'store.failed'; reason: string };

/** Reports of the socket actor. The chart decides what follows. */
export type SocketReport =
  | { type: 'socket.opened' }
  /** Our close frame is on its way; nothing is delivered any more, so this sequence is the last. */
  | { type: 'socket.closing'; sequence: number | null }
  | ({
      type: 'socket.closed';
      sequence: number | null;
      /** How many connections of this process have ended within the last second, this one included. */
      endedTogether?: number;
    } & ConnectionEnd)
  | { type: 'socket.corrupted'; reason: string }
  /** All that waited in the socket has been read. */
  | { type: 'socket.settled' }
  | { type: 'socket.unsent'; ticket: Ticket }
  | { type: 'gateway.hello'; heartbeatIntervalMs: number }
  | { type: 'gateway.ready'; session: Session }
  | { type: 'gateway.replayed'; sequence: number }
  | { type: 'gateway.resumed'; sequence: number | null }
  | { type: 'gateway.reconnect' }
  | { type: 'gateway.invalidSession'; resumable: boolean }
  | { type: 'gateway.heartbeatRequested' }
  /** `quietMs`: time since the last event of the connection. */
  | { type: 'gateway.acknowledged'; latencyMs: number; quietMs?: number };

/** Reports of the identify slot: an identify may leave now, its grant ran out before it could, or the limiter failed. */
export type SlotReport = { type: 'slot.granted' } | { type: 'slot.expired' } | { type: 'slot.failed'; reason: string };

export type ShardEvent = ShardCommand | StoreReport | SocketReport | SlotReport | BucketReport | HeartbeatReport;

/** Commands of the chart to the socket actor. */
export type SocketCommand =
  | { type: 'socket.identify' }
  | { type: 'socket.resume'; session: Session }
  | { type: 'socket.heartbeat' }
  | { type: 'socket.settle' }
  | { type: 'socket.send'; ticket: Ticket }
  | { type: 'socket.close'; code: number; reason: string }
  /** Close without waiting for an answer. */
  | { type: 'socket.abort'; code: number; reason: string };

export interface SocketInput {
  /** The resume URL, or null for the first URL. */
  readonly resumeUrl: string | null;
  /** The sequence a resume continues from. */
  readonly sequence: number | null;
}

export interface StoreInput {
  readonly shardId: number;
}

export interface SlotInput {
  readonly shardId: number;
}
