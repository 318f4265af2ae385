import { isRecord } from '../util/predicates.js';
import { isIdentifyRecord, type IdentifyRecord } from '../protocol/identifyRecord.js';
import { isSession, type Session } from '../protocol/session.js';

const FORMAT = 'shardchart sessions';

/** Raise it when the next version of the reader could misread a file of this version. */
const VERSION = 1;

/** Reason why a text cannot be the sessions of this bot. */
export interface Refusal {
  readonly code: 'OTHER_TOTAL' | 'UNUSABLE';
  /** Continues a sentence that begins with the file's name. */
  readonly problem: string;
  /** Identifies of the bot, which another total does not make invalid. */
  readonly identifies: IdentifyRecord | null;
}

/** Formats the sessions of all shards, without the deleted ones, which are null, and the day's identifies as one text. */
export function formatSessions(
  sessions: ReadonlyMap<number, Session | null>,
  total: number | null,
  identifies: IdentifyRecord | null,
): string {
  const kept = Object.fromEntries([...sessions].filter(([, session]) => session !== null));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, total, ...(identifies !== null && { identifies }), sessions: kept })}\n`;
}

/** Sessions of a file, and how many shards it was written for; null where the file does not say. */
export interface Found {
  readonly sessions: ReadonlyMap<number, Session>;
  readonly total: number | null;
  readonly identifies: IdentifyRecord | null;
}

/**
 * Parses the sessions of a text by shard id. With a `total`, a file of another total is refused: its sessions would receive
 * the guilds of their old shards.
 */
export function parseSessions(text: string, total: number | null): Found | Refusal {
  if (text.trim() === '') return unusable('is empty');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return unusable('is torn, or not JSON');
  }
  if (!isRecord(content) || content['format'] !== FORMAT || !isRecord(content['sessions'])) {
    return unusable('holds something other than sessions');
  }
  const { version, total: itsTotal } = content;
  if (version !== VERSION) {
    return unusable(`has format ${String(version)}; this version of shardchart reads format ${VERSION}`);
  }
  const identifies = isIdentifyRecord(content['identifies']) ? content['identifies'] : null;
  if (total !== null && itsTotal !== total) {
    const its = typeof itsTotal === 'number' ? String(itsTotal) : 'an unknown number of';
    return { code: 'OTHER_TOTAL', problem: `was written for ${its} shards, not for ${total}`, identifies };
  }
  const sessions = new Map<number, Session>();
  for (const [id, session] of Object.entries(content['sessions'])) {
    if (!/^\d{1,15}$/.test(id) || !isSession(session)) return unusable(`has no session where shard ${id}'s should be`);
    sessions.set(Number(id), session);
  }
  return { sessions, total: typeof itsTotal === 'number' ? itsTotal : null, identifies };
}

const unusable = (problem: string): Refusal => ({ code: 'UNUSABLE', problem, identifies: null });
