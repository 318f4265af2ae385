import { shardIdFor } from '../../protocol/sharding.js';
import type { SampleGuild } from '../options.js';
import type { ResolvedOptions } from '../resolveOptions.js';
import type { Session } from './session.js';

/** GUILDS intent: Discord sends no GUILD_CREATE without it. */
const GUILDS_INTENT = 1;

/**
 * Returns the `d` of READY.
 *
 * See [Discord Docs/Ready](https://docs.discord.com/developers/events/gateway-events#ready).
 */
export function readyData(session: Session, version: number, resumeUrl: string, options: ResolvedOptions): unknown {
  const { id, username } = options.user;
  return {
    v: version,
    user: { id, username, discriminator: '0000', global_name: null, avatar: null, bot: true, flags: 0, verified: true },
    guilds: guildsOf(session, options.guilds).map((guild) => ({ id: guild.id, unavailable: true })),
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    session_type: 'normal',
    shard: [session.shardId, session.total],
    application: { id, flags: 0 },
    private_channels: [],
    presences: [],
    relationships: [],
  };
}

/** Returns the guilds whose GUILD_CREATE follows READY. */
export function guildsToCreate(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return session.intents % 2 === GUILDS_INTENT ? guildsOf(session, guilds) : [];
}

/** Returns the guilds of the session's shard; Discord distributes guilds by the time in their ids. */
export function guildsOf(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return guilds.filter(({ id }) => shardIdFor(id, session.total) === session.shardId);
}
