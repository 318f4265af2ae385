import { isGatewayUrl } from './url.js';

/**
 * Everything a RESUME needs, and all there is to persist of a shard.
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 */
export interface Session {
  /** `session_id` of READY. */
  readonly id: string;
  /** `s` of the last dispatch received. */
  readonly sequence: number;
  /** `resume_gateway_url` of READY; null where there is no usable one, and RESUME goes to the first URL. */
  readonly resumeUrl: string | null;
}

/** A session as a shard gives it to its store. */
export interface StoredSession extends Session {
  readonly identifiedAs?: SessionIdentity;
}

/** What a session was identified with. A store keeps it, and a shard that would identify otherwise does not resume it. */
export interface SessionIdentity {
  readonly version: number;
  readonly intents: number;
  /** Shard id and total. */
  readonly shard: readonly [number, number];
}

/** Longest `session_id` that is kept; Discord's has 32 characters. */
export const MAX_SESSION_ID_LENGTH = 512;

/** The session with the later sequence: an old frame never lowers ours. */
export function advanceSession(session: Session | null, sequence: number | null): Session | null {
  return session !== null && sequence !== null && sequence > session.sequence ? { ...session, sequence } : session;
}

/** The session and nothing else: a store's row may have other columns, which must not enter the chart. */
export function plainSession({ id, sequence, resumeUrl }: Session): Session {
  return { id, sequence, resumeUrl };
}

/** True if this value, from a store or a user, is a session that can be resumed. */
export function isSession(value: unknown): value is Session {
  if (typeof value !== 'object' || value === null) return false;
  const { id, sequence, resumeUrl } = value as Record<string, unknown>;
  return (
    typeof id === 'string' &&
    id !== '' &&
    id.length <= MAX_SESSION_ID_LENGTH &&
    Number.isSafeInteger(sequence) &&
    (sequence as number) >= 0 &&
    (resumeUrl === null || isGatewayUrl(resumeUrl))
  );
}
