import type { Session, SessionStore } from '../index.js';
import type { SessionInfo, StrategyManagerOptions } from './strategyManager.js';

type SessionHooks = Pick<StrategyManagerOptions, 'retrieveSessionInfo' | 'updateSessionInfo'>;

/** How often a sequence is given to the hooks while dispatches come: \@discordjs/ws calls them with every dispatch. */
const SEQUENCE_INTERVAL_MS = 1_000;

/** A session of ours as \@discordjs/ws keeps it. */
export function sessionInfoOf({ id, sequence, resumeUrl }: Session, shardId: number, shardCount: number): SessionInfo {
  // Theirs connects to `resumeURL ?? url`, but has no type for a gateway that names none.
  return { sessionId: id, sequence, resumeURL: resumeUrl as string, shardId, shardCount };
}

/** The two hooks of a `WebSocketManager` as a session store. A session of another number of shards is none. */
export function sessionStoreOf(hooks: SessionHooks, total: number): SessionStore {
  return {
    sequenceInterval: SEQUENCE_INTERVAL_MS,
    async get(shardId) {
      const info = await hooks.retrieveSessionInfo(shardId);
      if (!info || info.shardCount !== total) return null;
      return { id: info.sessionId, sequence: info.sequence, resumeUrl: info.resumeURL ?? null };
    },
    set: (shardId, session) => hooks.updateSessionInfo(shardId, sessionInfoOf(session, shardId, total)),
    delete: (shardId) => hooks.updateSessionInfo(shardId, null),
  };
}
