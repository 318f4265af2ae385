import type { GatewayActivityUpdateData, GatewayPresenceUpdateData, PresenceUpdateStatus } from 'discord-api-types/v10';
import { ShardError } from '../util/errors.js';

/**
 * What the bot shows: a status, and what it does.
 *
 * See [Discord Docs/Update Presence](https://docs.discord.com/developers/events/gateway-events#update-presence).
 */
export interface Presence {
  status: `${PresenceUpdateStatus}`;
  /** Default: none. */
  activities?: readonly GatewayActivityUpdateData[];
  /** Since when the client is idle, in milliseconds since the epoch. Default null. */
  since?: number | null;
  /** Default false. */
  afk?: boolean;
}

const STATUSES: readonly unknown[] = ['online', 'dnd', 'idle', 'invisible', 'offline'];

/** The presence as the gateway takes it: a wrong one would cost the connection (4002). */
export function checkPresence(presence: Presence): GatewayPresenceUpdateData {
  const { since = null, activities = [], status, afk = false } = (presence ?? {}) as Partial<Presence>;
  const wrong =
    (!STATUSES.includes(status) && `status must be one of ${STATUSES.join(', ')}`) ||
    (!Array.isArray(activities) && 'activities must be an array') ||
    (activities.some((activity) => typeof activity?.name !== 'string' || !Number.isInteger(activity?.type)) &&
      'every activity needs a name and a type') ||
    (since !== null && !Number.isFinite(since) && 'since must be a time in milliseconds, or null') ||
    (typeof afk !== 'boolean' && 'afk must be a boolean');
  if (wrong) throw new ShardError('INVALID_PAYLOAD', `The presence is wrong: ${wrong}.`, { value: presence });
  return {
    since,
    activities: activities.map((activity) => Object.assign({}, activity)),
    status: status as PresenceUpdateStatus,
    afk,
  };
}
