import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import { ShardError } from './protocol/errors.js';
import { MAX_CLOSE_REASON_BYTES } from './protocol/limits.js';

/** Whether a client may close a WebSocket with this, before the socket is asked to. */
export function checkClose(code: unknown, reason: unknown): void {
  const allowed =
    code === 1000 || code === 1001 || (Number.isInteger(code) && Number(code) >= 3000 && Number(code) <= 4999);
  if (!allowed) {
    throw new ShardError(
      'INVALID_OPTION',
      'A client closes with 1000 or 1001, which end the session, or with 3000 to 4999, which keep it.',
      { value: code },
    );
  }
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw new ShardError('INVALID_OPTION', `A close reason is a string of at most ${MAX_CLOSE_REASON_BYTES} bytes.`, {
      value: reason,
    });
  }
}

const STATUSES: readonly unknown[] = ['online', 'dnd', 'idle', 'invisible', 'offline'];

/** The presence as the gateway takes it: a wrong one would cost the connection (4002). */
export function checkPresence(presence: GatewayPresenceUpdateData): GatewayPresenceUpdateData {
  const { since = null, activities = [], status, afk = false } = (presence ?? {}) as Partial<GatewayPresenceUpdateData>;
  const wrong =
    (!STATUSES.includes(status) && `status must be one of ${STATUSES.join(', ')}`) ||
    (!Array.isArray(activities) && 'activities must be an array') ||
    (activities.some((activity) => typeof activity?.name !== 'string' || !Number.isInteger(activity?.type)) &&
      'every activity needs a name and a type') ||
    (since !== null && !Number.isFinite(since) && 'since must be a time in milliseconds, or null') ||
    (typeof afk !== 'boolean' && 'afk must be a boolean');
  if (wrong) throw new ShardError('INVALID_PAYLOAD', `The presence is wrong: ${wrong}.`, { value: presence });
  return { ...presence, since, activities, afk };
}
