import { shardIdFor } from '../../protocol/sharding.js';
import type { SampleGuild, Settings } from '../options.js';
import type { Session } from './session.js';

/** Intent bit without which Discord sends no GUILD_CREATE. */
const GUILDS_INTENT = 1;

/**
 * The `d` of READY.
 *
 * See [Discord Docs/Ready](https://docs.discord.com/developers/events/gateway-events#ready).
 */
export function readyData(session: Session, version: number, resumeUrl: string, settings: Settings): unknown {
  const { id, username } = settings.user;
  return {
    v: version,
    user: { id, username, discriminator: '0000', global_name: null, avatar: null, bot: true, flags: 0, verified: true },
    guilds: guildsOf(session, settings.guilds).map((guild) => ({ id: guild.id, unavailable: true })),
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

/** The guilds whose GUILD_CREATE follows READY. */
export function guildsToCreate(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return session.intents % 2 === GUILDS_INTENT ? guildsOf(session, guilds) : [];
}

/** Discord spreads guilds over shards by the time in their ids. */
export function guildsOf(session: Session, guilds: readonly SampleGuild[]): SampleGuild[] {
  return guilds.filter(({ id }) => shardIdFor(id, session.total) === session.shardId);
}
