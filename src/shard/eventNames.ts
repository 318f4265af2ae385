import { inspect } from 'node:util';
import { didYouMean, nearest } from '../util/didYouMean.js';
import { ShardError } from '../util/errors.js';
import { refuse } from '../util/options.js';
import type { DispatchEvents, LifecycleEvents } from './events.js';

/** Dispatches that discord-api-types knows. It compiles only while it lists all of them. */
const dispatches = {
  APPLICATION_COMMAND_PERMISSIONS_UPDATE: true,
  AUTO_MODERATION_ACTION_EXECUTION: true,
  AUTO_MODERATION_RULE_CREATE: true,
  AUTO_MODERATION_RULE_DELETE: true,
  AUTO_MODERATION_RULE_UPDATE: true,
  CHANNEL_CREATE: true,
  CHANNEL_DELETE: true,
  CHANNEL_INFO: true,
  CHANNEL_PINS_UPDATE: true,
  CHANNEL_UPDATE: true,
  ENTITLEMENT_CREATE: true,
  ENTITLEMENT_DELETE: true,
  ENTITLEMENT_UPDATE: true,
  GUILD_AUDIT_LOG_ENTRY_CREATE: true,
  GUILD_BAN_ADD: true,
  GUILD_BAN_REMOVE: true,
  GUILD_CREATE: true,
  GUILD_DELETE: true,
  GUILD_EMOJIS_UPDATE: true,
  GUILD_INTEGRATIONS_UPDATE: true,
  GUILD_MEMBER_ADD: true,
  GUILD_MEMBER_REMOVE: true,
  GUILD_MEMBERS_CHUNK: true,
  GUILD_MEMBER_UPDATE: true,
  GUILD_ROLE_CREATE: true,
  GUILD_ROLE_DELETE: true,
  GUILD_ROLE_UPDATE: true,
  GUILD_SCHEDULED_EVENT_CREATE: true,
  GUILD_SCHEDULED_EVENT_DELETE: true,
  GUILD_SCHEDULED_EVENT_UPDATE: true,
  GUILD_SCHEDULED_EVENT_USER_ADD: true,
  GUILD_SCHEDULED_EVENT_USER_REMOVE: true,
  GUILD_SOUNDBOARD_SOUND_CREATE: true,
  GUILD_SOUNDBOARD_SOUND_DELETE: true,
  GUILD_SOUNDBOARD_SOUNDS_UPDATE: true,
  GUILD_SOUNDBOARD_SOUND_UPDATE: true,
  SOUNDBOARD_SOUNDS: true,
  GUILD_STICKERS_UPDATE: true,
  GUILD_UPDATE: true,
  INTEGRATION_CREATE: true,
  INTEGRATION_DELETE: true,
  INTEGRATION_UPDATE: true,
  INTERACTION_CREATE: true,
  INVITE_CREATE: true,
  INVITE_DELETE: true,
  MESSAGE_CREATE: true,
  MESSAGE_DELETE: true,
  MESSAGE_DELETE_BULK: true,
  MESSAGE_POLL_VOTE_ADD: true,
  MESSAGE_POLL_VOTE_REMOVE: true,
  MESSAGE_REACTION_ADD: true,
  MESSAGE_REACTION_REMOVE: true,
  MESSAGE_REACTION_REMOVE_ALL: true,
  MESSAGE_REACTION_REMOVE_EMOJI: true,
  MESSAGE_UPDATE: true,
  PRESENCE_UPDATE: true,
  RATE_LIMITED: true,
  READY: true,
  RESUMED: true,
  STAGE_INSTANCE_CREATE: true,
  STAGE_INSTANCE_DELETE: true,
  STAGE_INSTANCE_UPDATE: true,
  SUBSCRIPTION_CREATE: true,
  SUBSCRIPTION_DELETE: true,
  SUBSCRIPTION_UPDATE: true,
  THREAD_CREATE: true,
  THREAD_DELETE: true,
  THREAD_LIST_SYNC: true,
  THREAD_MEMBERS_UPDATE: true,
  THREAD_MEMBER_UPDATE: true,
  THREAD_UPDATE: true,
  TYPING_START: true,
  USER_UPDATE: true,
  VOICE_CHANNEL_EFFECT_SEND: true,
  VOICE_CHANNEL_START_TIME_UPDATE: true,
  VOICE_CHANNEL_STATUS_UPDATE: true,
  VOICE_SERVER_UPDATE: true,
  VOICE_STATE_UPDATE: true,
  WEBHOOKS_UPDATE: true,
} as const satisfies Record<keyof DispatchEvents, true>;

const lifecycle = {
  ready: true,
  resumed: true,
  dispatch: true,
  raw: true,
  hello: true,
  heartbeat: true,
  quiet: true,
  transition: true,
  disconnected: true,
  malformed: true,
  fatal: true,
  debug: true,
} as const satisfies Record<keyof LifecycleEvents, true>;

export const dispatchNames: readonly string[] = Object.keys(dispatches);

/** Every event that `shard.on` knows. */
export const shardEventNames: readonly string[] = [...Object.keys(lifecycle), ...dispatchNames];

/** Discord adds dispatches, and has some that it does not document: all are upper case. */
const DISPATCH_NAME = /^[A-Z][A-Z0-9_]*$/;

/**
 * Checks the names of the option `events`. Lower case is a mistake; a dispatch that discord-api-types does not know may exist.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkEventsOption(events: unknown): void {
  if (events === undefined) return;
  if (!Array.isArray(events)) refuse('events', events, "an array of event names such as ['MESSAGE_CREATE']");
  for (const name of events) {
    if (typeof name === 'string' && DISPATCH_NAME.test(name)) continue;
    const hint = typeof name === 'string' ? didYouMean(name, dispatchNames) : '';
    const message = `\`events\` must name dispatches in upper case, such as 'MESSAGE_CREATE'; got ${inspect(name)}.${hint}`;
    throw new ShardError('INVALID_OPTION', message, { value: name });
  }
}

/**
 * Checks what `on`, `once` and `off` are called with: a name in lower case must be one of `known`, a name in upper case may
 * be of a dispatch that discord-api-types does not know.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkListener(name: unknown, listener: unknown, known: readonly string[] = shardEventNames): void {
  const isName = typeof name === 'string' && (known.includes(name) || DISPATCH_NAME.test(name));
  if (!isName) {
    const hint = didYouMean(String(name), known);
    const others = known.filter((other) => !DISPATCH_NAME.test(other)).join(', ');
    throw new ShardError(
      'INVALID_OPTION',
      `There is no event "${String(name)}".${hint} Dispatches are in upper case (MESSAGE_CREATE); the other events are ${others}.`,
      { value: name },
    );
  }
  if (typeof listener !== 'function') refuse('listener', listener, `a function of the event "${name}"`);
}

/** Names that had a warning: one a process, not one a shard. */
const reported = new Set<string>();

/** A warning about a dispatch that discord-api-types does not know; null for a known one, and for one that had its warning. */
export function warningOf(name: string): string | null {
  if (!DISPATCH_NAME.test(name) || Object.hasOwn(dispatches, name) || reported.has(name)) return null;
  reported.add(name);
  const near = nearest(name, dispatchNames);
  const hint = near === null ? '' : ` If it is not, write ${near}.`;
  return `discord-api-types knows no dispatch "${name}": it is listened for all the same, in case it is new.${hint}`;
}
