import type { Awaitable } from './actors/identifySlot.js';
import type { Session } from './protocol/session.js';

/** Where sessions outlive a shard, and with a store on disk or in a database a process. */
export interface SessionStore {
  get(shardId: number): Awaitable<Session | null | undefined>;
  set(shardId: number, session: Session): Awaitable<void>;
  delete(shardId: number): Awaitable<void>;
}

/** A session store in memory: a shard created later with the same store resumes. */
export function createMemorySessionStore(): SessionStore {
  const sessions = new Map<number, Session>();
  return {
    get: (shardId) => sessions.get(shardId) ?? null,
    set: (shardId, session) => void sessions.set(shardId, session),
    delete: (shardId) => void sessions.delete(shardId),
  };
}
