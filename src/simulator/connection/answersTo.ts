import { Opcode } from '../../protocol/opcodes.js';
import { isRecord } from '../../util/predicates.js';
import type { SampleGuild } from '../options.js';
import type { ResolvedOptions } from '../resolveOptions.js';
import { botPayload, memberPayload } from '../samples/payloads.js';
import { guildsOf, ownMemberOf } from './readyPayload.js';
import type { Session } from './session.js';

/** Dispatch that answers a request. */
export interface RequestAnswer {
  readonly t: string;
  readonly d: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const answerers: Readonly<Record<number, (d: Fields, context: Context) => RequestAnswer[]>> = {
  [Opcode.VoiceStateUpdate]: voiceAnswers,
  [Opcode.RequestGuildMembers]: memberChunks,
  [Opcode.RequestSoundboardSounds]: soundboards,
  [Opcode.RequestChannelInfo]: channelInfo,
};

interface Context {
  readonly session: Session;
  readonly options: ResolvedOptions;
  /** Finds a guild of the session's shard. */
  guild(id: unknown): SampleGuild | undefined;
}

/** True for an op that Discord answers with dispatches. */
export function isRequest(op: number): boolean {
  return Object.hasOwn(answerers, op);
}

/**
 * Returns the dispatches that answer a request. Discord answers nothing for a guild of another shard, or a channel that is
 * not in the guild, or to a request for members with neither `query` nor `user_ids`.
 *
 * See [Discord Docs/Send Events](https://docs.discord.com/developers/events/gateway-events#send-events).
 */
export function answersTo(op: number, d: unknown, session: Session, options: ResolvedOptions): RequestAnswer[] {
  const guilds = guildsOf(session, options.guilds);
  const guild = (id: unknown) => guilds.find((each) => each.id === id);
  return (isRecord(d) && answerers[op]?.(d, { session, options, guild })) || [];
}

/**
 * Returns the RATE_LIMITED dispatch for a request; `retryAfter` is in seconds.
 *
 * See [Discord Docs/Rate Limited](https://docs.discord.com/developers/events/gateway-events#rate-limited).
 */
export function rateLimited(op: number, d: unknown, retryAfter: number): RequestAnswer {
  const { guild_id, nonce } = isRecord(d) ? d : {};
  return { t: 'RATE_LIMITED', d: { opcode: op, retry_after: retryAfter, meta: { guild_id, nonce } } };
}

function memberChunks(d: Fields, { guild, options }: Context): RequestAnswer[] {
  const { guild_id, query, limit, user_ids: ids, presences, nonce } = d;
  const asked = guild(guild_id);
  if (asked === undefined || (ids === undefined && typeof query !== 'string')) return [];
  const wanted = ids === undefined ? null : new Set<unknown>(Array.isArray(ids) ? ids : [ids]);
  const prefix = String(query ?? '').toLowerCase();
  const max = prefix === '' || wanted !== null ? Infinity : MAX_FOUND;
  const members = listOf(asked, 'members')
    .filter((member) => (wanted === null ? nameOf(member).startsWith(prefix) : wanted.has(idOf(member))))
    .slice(0, Math.min(Number(limit) || Infinity, max));
  const found = new Set(members.map(idOf));
  const chunks = Array.from({ length: Math.max(1, Math.ceil(members.length / options.chunkSize)) }, (_, index) =>
    members.slice(index * options.chunkSize, (index + 1) * options.chunkSize),
  );
  return chunks.map((chunk, index) => ({
    t: 'GUILD_MEMBERS_CHUNK',
    d: {
      guild_id,
      members: chunk,
      chunk_index: index,
      chunk_count: chunks.length,
      ...(index === 0 && wanted !== null && { not_found: [...wanted].filter((id) => !found.has(id)) }),
      ...(presences === true && {
        presences: listOf(asked, 'presences').filter((each) => chunk.some((member) => idOf(member) === idOf(each))),
      }),
      ...(isNonce(nonce) && { nonce }),
    },
  }));
}

/** True for a request for members without `user_ids` and with an empty `query`, which needs the intent GuildMembers. */
export function hasEmptyQuery(d: Fields): boolean {
  return d['user_ids'] === undefined && d['query'] === '';
}

function voiceAnswers(d: Fields, { guild, session, options }: Context): RequestAnswer[] {
  const { guild_id, channel_id, self_mute = false, self_deaf = false } = d;
  const asked = guild(guild_id);
  if (asked === undefined) return [];
  const isInGuild = listOf(asked, 'channels').some(({ id }) => id === channel_id);
  if (channel_id !== null && !isInGuild) return [];
  const state = {
    guild_id,
    channel_id,
    user_id: options.user.id,
    member: ownMemberOf(asked, options.user.id) ?? memberPayload(botPayload(options.user), asked.id),
    session_id: session.id,
    deaf: false,
    mute: false,
    self_deaf,
    self_mute,
    self_video: false,
    suppress: false,
    request_to_speak_timestamp: null,
  };
  const server = { token: 'simulated', guild_id, endpoint: 'voice.invalid:443' };
  return [
    { t: 'VOICE_STATE_UPDATE', d: state },
    ...(channel_id === null ? [] : [{ t: 'VOICE_SERVER_UPDATE', d: server }]),
  ];
}

function soundboards({ guild_ids: ids }: Fields, { guild }: Context): RequestAnswer[] {
  return (Array.isArray(ids) ? ids : []).flatMap((id: unknown) => {
    const asked = guild(id);
    if (asked === undefined) return [];
    const data = { guild_id: id, soundboard_sounds: listOf(asked, 'soundboard_sounds') };
    return [{ t: 'SOUNDBOARD_SOUNDS', d: data }];
  });
}

function channelInfo({ guild_id, fields }: Fields, { guild }: Context): RequestAnswer[] {
  const asked = guild(guild_id);
  if (asked === undefined) return [];
  const wanted = new Set(['id', ...(Array.isArray(fields) ? fields : [])]);
  const channels = listOf(asked, 'channels').map((channel) =>
    Object.fromEntries(Object.entries(channel).filter(([name]) => wanted.has(name))),
  );
  return [{ t: 'CHANNEL_INFO', d: { guild_id, channels } }];
}

function listOf(guild: SampleGuild, field: string): Fields[] {
  const list = guild[field];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

const idOf = ({ user }: Fields) => (isRecord(user) ? user['id'] : undefined);

const nameOf = ({ user }: Fields) => (isRecord(user) ? String(user['username'] ?? '').toLowerCase() : '');

/** Discord ignores a nonce that is longer than 32 bytes. */
const isNonce = (nonce: unknown) =>
  typeof nonce === 'string' && nonce !== '' && Buffer.byteLength(nonce) <= MAX_NONCE_BYTES;

const MAX_NONCE_BYTES = 32;

/** Members that Discord returns for a prefix at most. */
const MAX_FOUND = 100;
