import type { Session, SessionIdentity, StoredSession } from './session.js';

/** Version of what is kept. */
const VERSION = 1;

export const identityOf = (intents: number, id: number, total: number): SessionIdentity => ({
  version: VERSION,
  intents,
  shard: [id, total],
});

/**
 * Says how a stored session was identified otherwise than this shard identifies; null where it may be resumed, as where the
 * store kept nothing on it. Discord goes on with the session's own intents and shard, whatever the shard has now.
 */
export function otherIdentity(session: Session, now: SessionIdentity): string | null {
  const before = (session as StoredSession).identifiedAs as Partial<SessionIdentity> | null | undefined;
  if (before === undefined || before === null) return null;
  if (before.version !== VERSION) return `it is of format ${String(before.version)}, and this release knows ${VERSION}`;
  if (before.intents !== now.intents)
    return `it has the intents ${String(before.intents)}, and the shard ${now.intents}`;
  const [id, total] = Array.isArray(before.shard) ? before.shard : [];
  if (id === now.shard[0] && total === now.shard[1]) return null;
  return `it is of shard [${id}, ${total}], and this is shard [${now.shard.join(', ')}]`;
}
