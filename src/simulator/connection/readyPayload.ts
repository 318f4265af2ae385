import { hasIntent } from '../../protocol/intents.js';
import { shardIdFor } from '../../protocol/sharding.js';
import { isRecord } from '../../util/predicates.js';
import type { SampleGuild } from '../options.js';
import type { ResolvedOptions } from '../resolveOptions.js';
import { botPayload, memberPayload } from '../samples/payloads.js';
import type { Session } from './session.js';

/**
 * Returns the `d` of READY.
 *
 * See [Discord Docs/Ready](https://docs.discord.com/developers/events/gateway-events#ready).
 */
export function readyData(session: Session, version: number, resumeUrl: string, options: ResolvedOptions): unknown {
  return {
    v: version,
    user: { ...botPayload(options.user), email: null, flags: 0, mfa_enabled: true, verified: true },
    guilds: guildsOf(session, options.guilds).map((guild) => ({ id: guild.id, unavailable: true })),
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    session_type: 'normal',
    shard: [session.shardId, session.total],
    application: { id: options.user.id, flags: 0 },
    private_channels: [],
    presences: [],
    relationships: [],
  };
}

/** Returns the guilds whose GUILD_CREATE follows READY: none without the intent Guilds. */
export function guildsToCreate(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return hasIntent(session.intents, 'Guilds') ? guildsOf(session, guilds) : [];
}

/**
 * Returns the `d` of GUILD_CREATE. The bot's own member is in it, as at Discord, even where `members` does not have it.
 *
 * See [Discord Docs/Guild Create](https://docs.discord.com/developers/events/gateway-events#guild-create).
 */
export function guildCreateData(guild: SampleGuild, { user }: Pick<ResolvedOptions, 'user'>): SampleGuild {
  const members: unknown = guild['members'];
  if (!Array.isArray(members) || ownMemberOf(guild, user.id) !== undefined) return guild;
  return { ...guild, members: [...(members as unknown[]), memberPayload(botPayload(user), guild.id)] };
}

/** Finds the bot's own member among the `members` of a guild. */
export function ownMemberOf({ members }: SampleGuild, botId: string): Record<string, unknown> | undefined {
  if (!Array.isArray(members)) return undefined;
  return members.filter(isRecord).find(({ user }) => isRecord(user) && user['id'] === botId);
}

/** Returns the guilds of the session's shard; Discord distributes guilds by the time in their ids. */
export function guildsOf(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return guilds.filter(({ id }) => shardIdFor(id, session.total) === session.shardId);
}
