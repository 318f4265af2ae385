import { isRecord } from '../util/predicates.js';
import { isSession, type Session } from '../protocol/session.js';

const FORMAT = 'shardchart sessions';

/** Raise it when a file of this version could be misread by what reads the next. */
const VERSION = 1;

/** Why a text is not taken for the sessions of this bot. */
export interface Refusal {
  readonly code: 'OTHER_TOTAL' | 'UNUSABLE';
  /** Goes on after the name of the file. */
  readonly problem: string;
}

/** The sessions of all shards as one file has them; null stands for a deleted one. */
export function formatSessions(sessions: ReadonlyMap<number, Session | null>, total: number | null): string {
  const kept = Object.fromEntries([...sessions].filter(([, session]) => session !== null));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, total, sessions: kept })}\n`;
}

/** What a file has, and for how many shards it was written where it says so. */
export interface Found {
  readonly sessions: ReadonlyMap<number, Session>;
  readonly total: number | null;
}

/**
 * The sessions of a text by shard id. With a `total` only a file written for the same is taken: within another one a
 * session would go on receiving what its old shard did.
 */
export function parseSessions(text: string, total: number | null): Found | Refusal {
  if (text.trim() === '') return unusable('is empty');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return unusable('is torn, or no JSON');
  }
  if (!isRecord(content) || content['format'] !== FORMAT || !isRecord(content['sessions'])) {
    return unusable('holds something else than sessions');
  }
  const { version, total: itsTotal } = content;
  if (version !== VERSION) {
    return unusable(`has format ${String(version)}; this version of shardchart reads format ${VERSION}`);
  }
  if (total !== null && itsTotal !== total) {
    const its = typeof itsTotal === 'number' ? String(itsTotal) : 'an unknown number of';
    return { code: 'OTHER_TOTAL', problem: `is that of ${its} shards, not of ${total}` };
  }
  const sessions = new Map<number, Session>();
  for (const [id, session] of Object.entries(content['sessions'])) {
    if (!/^\d{1,15}$/.test(id) || !isSession(session)) return unusable(`has no session where shard ${id}'s should be`);
    sessions.set(Number(id), session);
  }
  return { sessions, total: typeof itsTotal === 'number' ? itsTotal : null };
}

const unusable = (problem: string): Refusal => ({ code: 'UNUSABLE', problem });
