// The gateway's side of a conversation, generated: the same seed always makes the same texts.
//
// Fields, their order and how often which event comes are those of a bot with all intents in busy guilds. A text in
// eight has a character beyond Latin-1 in it, which makes its string, and what is parsed of it, twice as wide.

/** Mulberry32: numbers from 0 to 1. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS =
  'the a to and you i it is that of in we for on have be this with not are so what they can if my no just like will one do get all your about time know but now good game play team server bot channel someone tomorrow yesterday question actually because'.split(
    ' ',
  );
const WIDE = ['😀', '🎉', '❤️', '漢字', 'привет', '日本語', '한국어', '👍🏽'];
const GAMES = [
  'Factorio',
  'Minecraft',
  'Visual Studio Code',
  'VALORANT',
  'League of Legends',
  'Spotify',
  'Rocket League',
];

/** Shares in a thousand. */
const MIX = {
  PRESENCE_UPDATE: 382,
  MESSAGE_CREATE: 220,
  TYPING_START: 130,
  GUILD_MEMBER_UPDATE: 70,
  VOICE_STATE_UPDATE: 70,
  MESSAGE_REACTION_ADD: 70,
  MESSAGE_UPDATE: 30,
  GUILD_MEMBER_ADD: 27,
  GUILD_CREATE: 1,
};

/** Guilds, channels, users, roles and emojis of a bot that is in many guilds, and of one whose cache has all of them. */
const SIZES = { many: [60, 400, 3_000, 300, 100], home: [1, 50, 500, 50, 50] };

export function generator(seed, { isHome = false } = {}) {
  const next = random(seed);
  const whole = (from, to) => from + Math.floor(next() * (to - from + 1));
  const pick = (list) => list[Math.floor(next() * list.length)];
  const chance = (share) => next() < share;
  const digits = (length) => Array.from({ length }, (_, at) => whole(at === 0 ? 1 : 0, 9)).join('');
  const hash = () => Array.from({ length: 32 }, () => whole(0, 15).toString(16)).join('');
  const time = () => new Date(1.79e12 + whole(0, 1e10)).toISOString().replace('Z', '000+00:00');
  const ids = (count, length = 19) => Array.from({ length: count }, () => digits(length));
  const [guildCount, channelCount, userCount, roleCount, emojiCount] = isHome ? SIZES.home : SIZES.many;
  const [guilds, channels] = [ids(guildCount), ids(channelCount)];
  const [users, roles, emojis] = [ids(userCount, 18), ids(roleCount), ids(emojiCount)];

  const sentence = (from, to) => {
    const words = Array.from({ length: whole(from, to) }, () => pick(WORDS));
    if (chance(0.1)) words.splice(whole(0, words.length), 0, pick(WIDE));
    return words.join(' ');
  };
  const user = () => ({
    username: `${pick(WORDS)}_${pick(WORDS)}${whole(0, 999)}`,
    public_flags: chance(0.2) ? 64 : 0,
    primary_guild: null,
    id: pick(users),
    global_name: chance(0.6) ? `${pick(WORDS)} ${pick(WORDS)}` : null,
    display_name_styles: null,
    discriminator: '0',
    collectibles: null,
    avatar_decoration_data: null,
    avatar: chance(0.9) ? hash() : null,
  });
  const member = () => ({
    roles: Array.from({ length: whole(1, 6) }, () => pick(roles)),
    premium_since: null,
    pending: false,
    nick: chance(0.3) ? pick(WORDS) : null,
    mute: false,
    joined_at: time(),
    flags: 0,
    deaf: false,
    communication_disabled_until: null,
    banner: null,
    avatar: null,
  });
  const memberOf = () => ({ user: user(), ...member() });
  const activity = () => ({
    type: 0,
    timestamps: { start: 1_790_000_000_000 + whole(0, 1e9) },
    name: pick(GAMES),
    id: hash().slice(0, 16),
    details: sentence(2, 6),
    created_at: 1_790_000_000_000 + whole(0, 1e9),
    assets: { large_text: sentence(1, 4), large_image: digits(19), small_image: digits(19) },
    application_id: digits(18),
  });
  const presence = () => {
    const activities = Array.from({ length: pick([0, 0, 1, 1, 2]) }, activity);
    return {
      user: { id: pick(users) },
      status: pick(['online', 'idle', 'dnd', 'offline']),
      processed_at_timestamp: 0,
      game: activities[0] ?? null,
      client_status: chance(0.7) ? { desktop: 'online' } : { mobile: 'online', desktop: 'idle' },
      activities,
    };
  };
  const message = () => ({
    type: chance(0.2) ? 19 : 0,
    tts: false,
    timestamp: time(),
    pinned: false,
    nonce: digits(19),
    mentions: chance(0.2) ? [{ ...user(), member: member() }] : [],
    mention_roles: [],
    mention_everyone: false,
    member: member(),
    id: digits(19),
    flags: 0,
    embeds: chance(0.1)
      ? [{ type: 'rich', title: sentence(2, 6), description: sentence(20, 60), color: 0x5865f2 }]
      : [],
    edited_timestamp: null,
    content: sentence(1, 30),
    components: [],
    channel_type: 0,
    channel_id: pick(channels),
    author: user(),
    attachments: [],
    guild_id: pick(guilds),
  });

  const make = {
    PRESENCE_UPDATE: () => ({ ...presence(), guild_id: pick(guilds) }),
    MESSAGE_CREATE: message,
    MESSAGE_UPDATE: () => ({ ...message(), edited_timestamp: time() }),
    TYPING_START: () => ({
      user_id: pick(users),
      timestamp: 1_790_000_000 + whole(0, 1e6),
      member: memberOf(),
      channel_id: pick(channels),
      guild_id: pick(guilds),
    }),
    GUILD_MEMBER_ADD: () => ({ ...memberOf(), guild_id: pick(guilds) }),
    GUILD_MEMBER_UPDATE: () => ({ ...memberOf(), guild_id: pick(guilds) }),
    VOICE_STATE_UPDATE: () => ({
      member: memberOf(),
      user_id: pick(users),
      suppress: false,
      session_id: hash(),
      self_video: false,
      self_mute: chance(0.5),
      self_deaf: false,
      request_to_speak_timestamp: null,
      mute: false,
      guild_id: pick(guilds),
      deaf: false,
      channel_id: pick(channels),
    }),
    MESSAGE_REACTION_ADD: () => ({
      user_id: pick(users),
      type: 0,
      message_id: digits(19),
      message_author_id: pick(users),
      member: memberOf(),
      emoji: chance(0.5) ? { name: pick(WIDE), id: null } : { name: pick(WORDS), id: pick(emojis), animated: false },
      channel_id: pick(channels),
      burst: false,
      guild_id: pick(guilds),
    }),
    GUILD_CREATE: () => ({
      id: pick(guilds),
      name: sentence(2, 4),
      owner_id: pick(users),
      icon: hash(),
      member_count: whole(20, 5_000),
      large: true,
      unavailable: false,
      joined_at: time(),
      features: ['COMMUNITY', 'NEWS', 'AUTO_MODERATION'],
      roles: Array.from({ length: 20 }, () => ({
        id: pick(roles),
        name: sentence(1, 2),
        color: whole(0, 0xffffff),
        hoist: chance(0.5),
        position: whole(0, 50),
        permissions: digits(15),
        managed: false,
        mentionable: chance(0.5),
      })),
      channels: Array.from({ length: 30 }, () => ({
        id: pick(channels),
        type: chance(0.7) ? 0 : 2,
        name: `${pick(WORDS)}-${pick(WORDS)}`,
        position: whole(0, 50),
        parent_id: pick(channels),
        topic: chance(0.4) ? sentence(4, 15) : null,
        permission_overwrites: [{ id: pick(roles), type: 0, allow: '0', deny: '1024' }],
      })),
      members: Array.from({ length: 25 }, memberOf),
      presences: Array.from({ length: 20 }, presence),
      emojis: Array.from({ length: 20 }, () => ({ id: pick(emojis), name: pick(WORDS), animated: false, roles: [] })),
      voice_states: [],
      threads: [],
    }),
  };
  const names = Object.entries(MIX)
    .filter(([name]) => !isHome || name !== 'GUILD_CREATE')
    .flatMap(([name, share]) => Array.from({ length: share }, () => name));

  const named = (t) => ({ t, d: make[t]() });
  /** The only guild, with every channel, member and role. */
  const home = () => ({
    ...make.GUILD_CREATE(),
    owner_id: users[0],
    channels: channels.map((id, position) => ({
      id,
      type: 0,
      name: `channel-${position}`,
      position,
      permission_overwrites: [],
    })),
    roles: [guilds[0], ...roles].map((id, position) => ({
      id,
      name: `role-${position}`,
      color: 0,
      position,
      permissions: digits(15),
      managed: false,
    })),
    members: users.map((id) => Object.assign(memberOf(), { user: Object.assign(user(), { id }) })),
    presences: [],
  });
  return { message, home, guild: () => named('GUILD_CREATE'), event: () => named(pick(names)) };
}

export const text = (t, s, d) => JSON.stringify({ t, s, op: 0, d });

/**
 * The texts of one connection: HELLO, READY, its guilds (or the one of `isHome`), then `warmUp` and `events` dispatches. The last of each is a
 * MESSAGE_CREATE whose nonce says so, for a client that sees nothing else.
 */
export function corpus({ seed, guilds = 0, warmUp, events, interval, isHome = false }) {
  const { message, home, guild, event } = generator(seed, { isHome });
  let sequence = 1;
  let messages = 0;
  const dispatches = (count, mark) =>
    Array.from({ length: count }, (_, index) => {
      const { t, d } = index === count - 1 ? { t: 'MESSAGE_CREATE', d: { ...message(), nonce: mark } } : event();
      if (t === 'MESSAGE_CREATE') messages += 1;
      return text(t, (sequence += 1), d);
    });
  const ofReady = isHome ? [{ t: 'GUILD_CREATE', d: home() }] : Array.from({ length: guilds }, guild);
  const created = ofReady.map(({ t, d }) => text(t, (sequence += 1), d));
  const warm = [...created, ...dispatches(warmUp, 'warm')];
  messages = 0;
  const measured = dispatches(events, 'end');
  return { hello: hello(interval), ready: ready(isHome ? [ofReady[0].d.id] : UNAVAILABLE), warm, measured, messages };
}

export const hello = (interval) =>
  JSON.stringify({
    t: null,
    s: null,
    op: 10,
    d: { heartbeat_interval: interval, _trace: ['["gateway-prd",{"micros":0.0}]'] },
  });

/** Guilds that READY lists. */
const UNAVAILABLE = Array.from({ length: 20 }, (_, index) => `10000000000000000${10 + index}`);

export const ready = (guildIds = UNAVAILABLE) =>
  text('READY', 1, {
    v: 10,
    user_settings: {},
    user: {
      verified: true,
      username: 'bench',
      id: '1',
      global_name: null,
      flags: 0,
      discriminator: '0000',
      bot: true,
      avatar: null,
    },
    session_type: 'normal',
    session_id: '0123456789abcdef0123456789abcdef',
    resume_gateway_url: 'ws://127.0.0.1:9',
    relationships: [],
    private_channels: [],
    presences: [],
    guilds: guildIds.map((id) => ({ unavailable: true, id })),
    guild_join_requests: [],
    application: { id: '1', flags: 0 },
  });

export const acknowledgement = JSON.stringify({ t: null, s: null, op: 11, d: null });
