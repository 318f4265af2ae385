import type { ChangesMessage, FleetMessage, ShardKey, ShardMessage, TotalsMessage } from '../messages.js';

/** Wait before the page retries a server that did not answer. */
export const RETRY_MS = 2_000;

/** A source of messages for the page: running shards, or a log that is played. */
export interface Feed {
  /** Sends details of this shard from now on; null for none. */
  select(key: ShardKey | null): void;
  /** Length of a log in milliseconds. Absent for running shards. */
  readonly lengthMs?: number;
  /** Shows another time. Absent for running shards. */
  seek?(at: number): void;
}

/** Receiver of the messages. */
export interface FeedListener {
  fleet(message: FleetMessage): void;
  changes(message: ChangesMessage): void;
  totals(message: TotalsMessage): void;
  shard(message: ShardMessage): void;
  /** State of the connection: `waiting` while the server does not answer. */
  link(state: 'open' | 'waiting'): void;
}
