import type { ChangesMessage, FleetMessage, ShardKey, ShardMessage, TotalsMessage } from '../messages.js';

/** How long the page waits before it asks anew a server that did not answer. */
export const RETRY_MS = 2_000;

/** Where the page has its news from: shards that run, or a log that is played. */
export interface Feed {
  /** Tells this shard in detail from now on; null for none. */
  select(key: ShardKey | null): void;
  /** Shows another moment; shards that run have none but now. */
  seek?(at: number): void;
}

/** Who is told the news. */
export interface Listener {
  fleet(message: FleetMessage): void;
  changes(message: ChangesMessage): void;
  totals(message: TotalsMessage): void;
  shard(message: ShardMessage): void;
  /** Whether the news comes: `waiting` while the server does not answer. */
  link(state: 'open' | 'waiting'): void;
}
