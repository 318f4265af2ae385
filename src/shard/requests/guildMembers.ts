import { randomBytes } from 'node:crypto';
import type {
  APIGuildMember,
  GatewayGuildMembersChunkPresence,
  GatewayRequestGuildMembersData,
} from 'discord-api-types/v10';
import { Opcode } from '../../protocol/opcodes.js';
import { AsyncQueue } from '../../util/asyncQueue.js';
import { isSnowflake } from '../../protocol/sharding.js';
import { isWhole } from '../../util/predicates.js';
import { hasIntent } from '../../protocol/intents.js';
import { checkTimeout, isSnowflakes, refusePayload } from './checks.js';
import type { PendingRequests } from './pendingRequests.js';
import { ask, type RequestOptions } from './request.js';
import { SharedChunks, type Chunk } from './sharedChunks.js';

/** Everything the chunks of one answer held, in the order of the chunks. */
export interface GuildMembers {
  readonly members: APIGuildMember[];
  /** Empty unless they were asked for. */
  readonly presences: GatewayGuildMembersChunkPresence[];
  /** Of `user_ids`, those that are no members. */
  readonly notFound: unknown[];
}

/** Members that Discord returns for a prefix at most. */
const MAX_FOUND = 100;

/** Members one request may name. */
const MAX_USER_IDS = 100;

/** Bytes of UTF-8; the gateway ignores a longer one, and its answer could not be told from others. */
const MAX_NONCE_BYTES = 32;

/** Asks for members of a guild and resolves with all of them. */
export async function requestGuildMembers(
  requests: PendingRequests,
  request: GatewayRequestGuildMembersData,
  options?: RequestOptions,
): Promise<GuildMembers> {
  const arrived: Chunk[] = [];
  await collectChunks(requests, request, { ...options, keeps: true }, (chunk) => arrived.push(chunk));
  const chunks = arrived.toSorted((a, b) => a.chunk_index - b.chunk_index);
  return {
    members: chunks.flatMap(({ members }) => members ?? []),
    presences: chunks.flatMap(({ presences }) => presences ?? []),
    notFound: chunks.flatMap(({ not_found: notFound }) => notFound ?? []),
  };
}

/** Asks for members of a guild once the iteration begins, and yields each chunk as it comes. */
export async function* requestGuildMembersIterator(
  requests: PendingRequests,
  request: GatewayRequestGuildMembersData,
  options: RequestOptions = {},
): AsyncGenerator<Chunk, void, undefined> {
  const left = new AbortController();
  const chunks = new AsyncQueue<Chunk>({
    max: Infinity,
    overflowed: null,
    closed: () => left.abort(),
  });
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  collectChunks(requests, request, { ...options, signal, keeps: false }, (chunk) => chunks.push(chunk)).then(
    () => chunks.end(),
    (error: unknown) => chunks.fail(error),
  );
  yield* chunks;
}

interface CollectOptions extends RequestOptions {
  /** True keeps the chunks for equal requests that come later. */
  readonly keeps: boolean;
}

/** Calls `take` with each chunk of the answer once, in whatever order they come; resolves after the last. */
async function collectChunks(
  requests: PendingRequests,
  request: GatewayRequestGuildMembersData,
  { keeps, signal, timeout }: CollectOptions,
  take: (chunk: Chunk) => void,
): Promise<void> {
  checkRequest(request, requests.intents);
  if (timeout !== undefined) checkTimeout(timeout);
  signal?.throwIfAborted();
  const { guild_id, query, limit, user_ids, presences = false, nonce = null } = request as AnyRequest;
  const key = JSON.stringify([guild_id, query, limit, user_ids, presences, nonce]);
  const underWay = requests.shared.get(key);
  if (underWay?.isOpen === true) return underWay.read(take, signal);
  const chunks = new SharedChunks({ keeps });
  requests.shared.set(key, chunks);
  const answer = chunks.read(take, signal);
  askForChunks(requests, request, chunks, timeout)
    .then(
      () => chunks.end(),
      (error: unknown) => chunks.fail(error),
    )
    .finally(() => requests.shared.get(key) === chunks && requests.shared.delete(key));
  return answer;
}

function askForChunks(
  requests: PendingRequests,
  request: GatewayRequestGuildMembersData,
  chunks: SharedChunks,
  timeout: number | undefined,
): Promise<void> {
  const { guild_id, query, limit, nonce = randomBytes(MAX_NONCE_BYTES / 2).toString('hex') } = request as AnyRequest;
  const isForAll = query === '' && limit === 0;
  const seen = new Set<number>();
  let count: number | null = null;
  return ask<void>(
    requests,
    {
      op: Opcode.RequestGuildMembers,
      d: { ...request, nonce },
      ...(isForAll && { turn: requests.turns.of(guild_id) }),
      listeners: ({ more, whole }) => ({
        GUILD_MEMBERS_CHUNK(chunk) {
          if (chunk.nonce !== nonce || seen.has(chunk.chunk_index)) return;
          seen.add(chunk.chunk_index);
          count = chunk.chunk_count;
          chunks.push(chunk);
          if (seen.size >= count) whole();
          else more();
        },
      }),
      progress: () => (count === null ? '0 chunks came' : `${seen.size} of ${count} chunks came`),
      isLimitedBy: (meta) => (meta.nonce === undefined ? meta.guild_id === guild_id : meta.nonce === nonce),
    },
    { signal: chunks.unread, ...(timeout !== undefined && { timeout }) },
  );
}

/** The request by its fields, of which a kind has only some. */
type AnyRequest = Partial<Record<'query' | 'nonce', string>> & {
  readonly guild_id: string;
  readonly limit?: number;
  readonly user_ids?: unknown;
  readonly presences?: boolean;
};

function checkRequest(request: object, intents: number): void {
  const { guild_id, query, user_ids, limit, presences, nonce } = (request ?? {}) as Record<string, unknown>;
  refusePayload(
    'request for guild members',
    (!isSnowflake(guild_id) && 'guild_id must be a snowflake') ||
      ((query === undefined) === (user_ids === undefined) && 'it takes either query and limit, or user_ids') ||
      (query !== undefined && typeof query !== 'string' && 'query must be a string, empty for all members') ||
      (query !== undefined && !isWhole(limit) && 'limit must be a whole number, 0 for no limit') ||
      (query !== undefined &&
        query !== '' &&
        Number(limit) > MAX_FOUND &&
        `limit must be at most ${MAX_FOUND} with a prefix: Discord returns no more`) ||
      (user_ids !== undefined &&
        !isSnowflake(user_ids) &&
        !isSnowflakes(user_ids, MAX_USER_IDS) &&
        `user_ids must be 1 to ${MAX_USER_IDS} snowflakes`) ||
      (presences !== undefined && typeof presences !== 'boolean' && 'presences must be a boolean') ||
      (nonce !== undefined && !isNonce(nonce) && `nonce must be a string of 1 to ${MAX_NONCE_BYTES} bytes`) ||
      (query === '' &&
        !hasIntent(intents, 'GuildMembers') &&
        "an empty query is answered only with the intent GuildMembers (1 << 1), which this shard does not have: add it to `intents` and enable it on the bot's page, or ask for a prefix or for user_ids") ||
      (presences === true &&
        !hasIntent(intents, 'GuildPresences') &&
        "presences are sent only with the intent GuildPresences (1 << 8), which this shard does not have: add it to `intents` and enable it on the bot's page, or leave presences out"),
    request,
  );
}

const isNonce = (nonce: unknown) =>
  typeof nonce === 'string' && nonce !== '' && Buffer.byteLength(nonce) <= MAX_NONCE_BYTES;
