import { createHash } from 'node:crypto';
import { isSnowflake } from '../protocol/sharding.js';
import { isRecord } from '../util/predicates.js';

export type EventData = Readonly<Record<string, unknown>>;

/** An event by Discord's names: its type and its data. */
export interface GatewayEvent {
  readonly t: string;
  readonly d: EventData;
}

/** Two events of the same identity are copies of one: each set of shards has received it. */
export interface EventIdentity {
  readonly identity: string;
  /** True where the identity is made of an id that no later event of this type has again. */
  readonly isUnique: boolean;
}

const id = (d: EventData) => d['id'];

/**
 * The id of events that happen once in the life of an id. All other events are recognised by their content.
 *
 * See [Discord Docs/Gateway Events](https://docs.discord.com/developers/events/gateway-events#receive-events).
 */
const UNIQUE_IDS: ReadonlyMap<string, (d: EventData) => unknown> = new Map([
  ['AUTO_MODERATION_RULE_CREATE', id],
  ['AUTO_MODERATION_RULE_DELETE', id],
  ['CHANNEL_CREATE', id],
  ['CHANNEL_DELETE', id],
  ['GUILD_AUDIT_LOG_ENTRY_CREATE', id],
  ['GUILD_ROLE_CREATE', (d) => dataOf(d['role'])['id']],
  ['GUILD_ROLE_DELETE', (d) => d['role_id']],
  ['GUILD_SCHEDULED_EVENT_CREATE', id],
  ['GUILD_SCHEDULED_EVENT_DELETE', id],
  ['GUILD_SOUNDBOARD_SOUND_CREATE', (d) => d['sound_id']],
  ['GUILD_SOUNDBOARD_SOUND_DELETE', (d) => d['sound_id']],
  ['INTERACTION_CREATE', id],
  ['MESSAGE_CREATE', id],
  ['MESSAGE_DELETE', id],
  ['STAGE_INSTANCE_CREATE', id],
  ['STAGE_INSTANCE_DELETE', id],
  // Without `newly_created` the bot was added to an existing thread, which can happen again.
  ['THREAD_CREATE', (d) => (d['newly_created'] === true ? d['id'] : undefined)],
]);

/** Events that belong to one session. */
const SESSION_EVENTS: ReadonlySet<string> = new Set(['READY', 'RESUMED']);

/** Events that only the session that asked receives: they have no copy. */
const ANSWERS: ReadonlySet<string> = new Set([
  'CHANNEL_INFO',
  'GUILD_MEMBERS_CHUNK',
  'RATE_LIMITED',
  'SOUNDBOARD_SOUNDS',
]);

/** Events whose `id` is the guild's. */
const GUILD_EVENTS: ReadonlySet<string> = new Set(['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']);

export const isSessionEvent = ({ t }: GatewayEvent): boolean => SESSION_EVENTS.has(t);
export const isAnswer = ({ t }: GatewayEvent): boolean => ANSWERS.has(t);

/** The event in a value that a listener of this name gets: `dispatch` has the whole payload, any other name the data. */
export function gatewayEvent(name: string, value: unknown): GatewayEvent {
  if (name !== 'dispatch') return { t: name, d: dataOf(value) };
  const { t, d } = dataOf(value);
  return { t: typeof t === 'string' ? t : '', d: dataOf(d) };
}

/** The guild an event belongs to; null where it belongs to none. */
export function guildOf({ t, d }: GatewayEvent): string | null {
  const guildId = d[GUILD_EVENTS.has(t) ? 'id' : 'guild_id'];
  return isSnowflake(guildId) ? guildId : null;
}

/** Identity of an event among those that have the same order key. */
export function identityOf(name: string, { t, d }: GatewayEvent, orderKey: string): EventIdentity {
  const type = `${name} ${t} ${orderKey}`;
  // GUILD_CREATE shows the guild at the moment a session receives it: its two copies may differ by a member.
  if (t === 'GUILD_CREATE') return { identity: type, isUnique: false };
  const uniqueId = UNIQUE_IDS.get(t)?.(d);
  if (typeof uniqueId === 'string') return { identity: `${type} ${uniqueId}`, isUnique: true };
  // A digest, because many events may wait and each may be large.
  const content = createHash('sha256').update(JSON.stringify(d)).digest('base64');
  return { identity: `${type} = ${content}`, isUnique: false };
}

function dataOf(value: unknown): EventData {
  return isRecord(value) ? value : {};
}
