import type {
  APIGuildMember,
  APIRole,
  APITextChannel,
  APIUser,
  GatewayGuildCreateDispatchData,
  GatewayMessageCreateDispatchData,
  Locale,
} from 'discord-api-types/v10';
import { timestampOf } from './snowflakes.js';

/** Permissions of `@everyone` in a new guild. */
const EVERYONE_PERMISSIONS = '2248473465835073';
/** Smallest `large_threshold`: a guild with more members is large. */
const LARGE_ABOVE = 50;

/** Value of every `flags` field; the enums of discord-api-types have no member for it. */
const NO_FLAGS = 0 as never;

/** User as Discord describes one to others. */
export function userPayload(id: string, username: string): APIUser {
  return {
    id,
    username,
    discriminator: '0',
    global_name: null,
    avatar: null,
    avatar_decoration_data: null,
    collectibles: null,
    primary_guild: null,
    public_flags: NO_FLAGS,
  };
}

/** Bot's own user. A bot still has a discriminator. */
export function botPayload({ id, username }: Pick<APIUser, 'id' | 'username'>): APIUser {
  return { ...userPayload(id, username), discriminator: '0000', bot: true };
}

/** Member without a role, who joined at the time in `since`, a snowflake. */
export function memberPayload(user: APIUser, since: string): APIGuildMember {
  return {
    user,
    nick: null,
    avatar: null,
    banner: null,
    roles: [],
    joined_at: timestampOf(since),
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: NO_FLAGS,
  };
}

/** `@everyone`, the role that has its guild's id. */
export function everyonePayload(guildId: string): APIRole {
  return {
    id: guildId,
    name: '@everyone',
    permissions: EVERYONE_PERMISSIONS,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position: 0,
    managed: false,
    mentionable: false,
    flags: NO_FLAGS,
  };
}

/** Text channel. In GUILD_CREATE a channel has no `guild_id`. */
export function textChannelPayload(id: string, name: string): APITextChannel {
  return {
    id,
    name,
    type: 0,
    position: 0,
    parent_id: null,
    topic: null,
    nsfw: false,
    last_message_id: null,
    permission_overwrites: [],
    rate_limit_per_user: 0,
    flags: NO_FLAGS,
  };
}

/** Guild with `@everyone`, one text channel, and the bot's `member` as the only one. */
export function guildPayload(
  id: string,
  name: string,
  { channelId, member }: { channelId: string; member: APIGuildMember },
): GatewayGuildCreateDispatchData {
  return {
    id,
    name,
    owner_id: member.user.id,
    joined_at: member.joined_at ?? timestampOf(id),
    large: false,
    unavailable: false,
    member_count: 1,
    members: [member],
    channels: [textChannelPayload(channelId, 'general')],
    roles: [everyonePayload(id)],
    emojis: [],
    stickers: [],
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    features: [],
    icon: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    vanity_url_code: null,
    preferred_locale: 'en-US' as Locale,
    afk_channel_id: null,
    afk_timeout: 300,
    application_id: null,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    hub_type: null,
    incidents_data: null,
    max_members: 500_000,
    max_stage_video_channel_users: 50,
    max_video_channel_users: 25,
    mfa_level: 0,
    nsfw_level: 0,
    premium_progress_bar_enabled: false,
    premium_subscription_count: 0,
    premium_tier: 0,
    public_updates_channel_id: null,
    rules_channel_id: null,
    safety_alerts_channel_id: null,
    system_channel_flags: NO_FLAGS,
    system_channel_id: channelId,
    verification_level: 0,
  };
}

/** True for a guild with so many members that GUILD_CREATE calls it large. */
export const isLarge = (memberCount: number): boolean => memberCount > LARGE_ABOVE;

/** Message without content, written at the time in its id. */
export function messagePayload(id: string, channelId: string, author: APIUser): GatewayMessageCreateDispatchData {
  return {
    id,
    channel_id: channelId,
    channel_type: 0,
    author,
    content: '',
    timestamp: timestampOf(id),
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    components: [],
    pinned: false,
    flags: NO_FLAGS,
    type: 0,
  };
}
