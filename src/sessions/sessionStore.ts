import type { Awaitable } from '../util/awaitable.js';
import type { Session } from '../protocol/session.js';

/**
 * Where sessions outlive a shard, and with a store on disk or in a database a process.
 *
 * `get` is asked once, before the first connection. `set` comes with READY, every acknowledged heartbeat and every
 * transition, one at a time and only the newest; `delete` when the session has ended. What a method throws is reported
 * to the logger; a shutdown waits `timeouts.close` for the last write.
 */
export interface SessionStore {
  /**
   * How often it wants to hear of a new sequence while dispatches come, in milliseconds: what a process that is killed has
   * not told by then is dispatched a second time. Left out: with acknowledged heartbeats only, about every 40 s.
   */
  readonly sequenceInterval?: number;
  get(shardId: number): Awaitable<Session | null | undefined>;
  set(shardId: number, session: Session): Awaitable<void>;
  delete(shardId: number): Awaitable<void>;
  /**
   * Says how many shards the bot has, before the first `get` and after a reshard: sessions of another `total` are none of
   * theirs, and are to be forgotten. Left out: nobody looks whether they are.
   */
  setTotal?(total: number): Awaitable<void>;
}

/** A session store in memory: a shard created later with the same store resumes. */
export function createMemorySessionStore(): SessionStore {
  const sessions = new Map<number, Session>();
  let known: number | null = null;
  return {
    get: (shardId) => sessions.get(shardId) ?? null,
    set: (shardId, session) => void sessions.set(shardId, session),
    delete: (shardId) => void sessions.delete(shardId),
    setTotal(total) {
      if (known !== null && known !== total) sessions.clear();
      known = total;
    },
  };
}
