import type { Awaitable } from '../util/awaitable.js';
import type { IdentifyRecord } from '../protocol/identifyRecord.js';
import type { Session } from '../protocol/session.js';

/**
 * Keeps the sessions of shards, so that a shard created later resumes; on disk or in a database, also across processes.
 *
 * `get` is called once, before the first connection. `set` is called at READY, with every acknowledged heartbeat and at
 * every transition, one call at a time and only with the newest session; `delete` when the session has ended. A session of
 * `set` also has `identifiedAs`, its intents, shard id and total: where `get` returns it, a shard of others identifies
 * instead of resuming. An error that a method throws goes to the logger; a shutdown waits `timeouts.close` for the last write.
 */
export interface SessionStore {
  /**
   * Milliseconds between two calls of `set` with a new sequence while dispatches come: a process that is killed receives
   * the dispatches after its last call a second time. Default: only with acknowledged heartbeats, about every 40 s.
   */
  readonly sequenceInterval?: number;
  get(shardId: number): Awaitable<Session | null | undefined>;
  set(shardId: number, session: Session): Awaitable<void>;
  delete(shardId: number): Awaitable<void>;
  /**
   * Says how many shards the bot has, before the first `get` and after a reshard: sessions of another total belong to other
   * guilds and must be forgotten. Default: the total is not checked.
   */
  setTotal?(total: number): Awaitable<void>;
  /**
   * Returns the identifies of the last 24 hours as `setIdentifies` stored them. Asked once, before the first identify. With
   * both methods a process that crashes and starts again and again does not spend the day's identifies, after which Discord
   * resets the token. They belong to the bot, whatever its total.
   */
  getIdentifies?(): Awaitable<IdentifyRecord | null | undefined>;
  /** Stores the identifies of the last 24 hours: called before each IDENTIFY leaves, which waits for it up to 2 s. */
  setIdentifies?(record: IdentifyRecord): Awaitable<void>;
}

/** Creates a session store in memory: a shard created later with the same store resumes. */
export function createMemorySessionStore(): SessionStore {
  const sessions = new Map<number, Session>();
  let known: number | null = null;
  let identifies: IdentifyRecord | null = null;
  return {
    get: (shardId) => sessions.get(shardId) ?? null,
    set: (shardId, session) => void sessions.set(shardId, session),
    delete: (shardId) => void sessions.delete(shardId),
    setTotal(total) {
      if (known !== null && known !== total) sessions.clear();
      known = total;
    },
    getIdentifies: () => identifies,
    setIdentifies: (record) => void (identifies = record),
  };
}
