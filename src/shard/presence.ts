import type { GatewayActivityUpdateData, GatewayPresenceUpdateData, PresenceUpdateStatus } from 'discord-api-types/v10';
import { ShardError } from '../util/errors.js';

/** A custom status (type 4) shows its `state` alone: its `name` is filled in. */
export interface CustomStatus {
  type: 4;
  state: string;
  name?: string;
}

/** An activity with a name of at most 128 characters, or a custom status. */
export type PresenceActivity = GatewayActivityUpdateData | CustomStatus;

/**
 * What the bot shows: a status, and what it does.
 *
 * See [Discord Docs/Update Presence](https://docs.discord.com/developers/events/gateway-events#update-presence).
 */
export interface Presence {
  status: `${PresenceUpdateStatus}`;
  /** Default: none. */
  activities?: readonly PresenceActivity[];
  /** Since when the client is idle, in milliseconds since the epoch. Default null. */
  since?: number | null;
  /** Default false. */
  afk?: boolean;
}

const STATUSES: readonly unknown[] = ['online', 'dnd', 'idle', 'invisible', 'offline'];

/** Type of an activity that is a custom status. */
const CUSTOM = 4;

/** Name that Discord's own client gives a custom status; it is not shown. */
const CUSTOM_NAME = 'Custom Status';

/** Characters the name of an activity may have. */
const MAX_NAME_LENGTH = 128;

function flawOfActivity(activity: PresenceActivity): string | null {
  const { name, type, state } = ((activity as unknown) ?? {}) as Partial<Record<keyof CustomStatus, unknown>>;
  if (!Number.isInteger(type)) return 'every activity needs a type';
  if (name === undefined && type === CUSTOM && typeof state === 'string') return null;
  if (typeof name !== 'string') return 'every activity needs a name, and a custom status (type 4) a state';
  const { length } = Array.from(name);
  return length <= MAX_NAME_LENGTH
    ? null
    : `the name of an activity has ${length} characters, Discord takes ${MAX_NAME_LENGTH}`;
}

function activityOf(activity: PresenceActivity): GatewayActivityUpdateData {
  return { ...(activity.type === CUSTOM && { name: CUSTOM_NAME }), ...activity } as GatewayActivityUpdateData;
}

/** The presence as the gateway takes it: a wrong one would cost the connection (4002). */
export function checkPresence(presence: Presence): GatewayPresenceUpdateData {
  const { since = null, activities = [], status, afk = false } = (presence ?? {}) as Partial<Presence>;
  const wrong =
    (!STATUSES.includes(status) && `status must be one of ${STATUSES.join(', ')}`) ||
    (!Array.isArray(activities) && 'activities must be an array') ||
    activities.map(flawOfActivity).find((flaw) => flaw !== null) ||
    (since !== null && !Number.isSafeInteger(since) && 'since must be a whole number of milliseconds, or null') ||
    (typeof afk !== 'boolean' && 'afk must be a boolean');
  if (wrong) throw new ShardError('INVALID_PAYLOAD', `The presence is wrong: ${wrong}.`, { value: presence });
  return {
    since,
    activities: activities.map(activityOf),
    status: status as PresenceUpdateStatus,
    afk,
  };
}
