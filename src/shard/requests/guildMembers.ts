import { randomBytes } from 'node:crypto';
import type {
  APIGuildMember,
  GatewayGuildMembersChunkDispatchData,
  GatewayGuildMembersChunkPresence,
  GatewayRequestGuildMembersData,
} from 'discord-api-types/v10';
import { Opcode } from '../../protocol/opcodes.js';
import { AsyncQueue } from '../../util/asyncQueue.js';
import { isSnowflake } from '../../protocol/sharding.js';
import { isWhole } from '../../util/predicates.js';
import { isSnowflakes, refusePayload } from './checks.js';
import type { PendingRequests } from './pendingRequests.js';
import { ask, type RequestOptions } from './request.js';

/** Everything the chunks of one answer held, in the order of the chunks. */
export interface GuildMembers {
  readonly members: APIGuildMember[];
  /** Empty unless they were asked for. */
  readonly presences: GatewayGuildMembersChunkPresence[];
  /** Of `user_ids`, those that are no members. */
  readonly notFound: unknown[];
}

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
  const arrived: GatewayGuildMembersChunkDispatchData[] = [];
  await collectChunks(requests, request, options, (chunk) => arrived.push(chunk));
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
): AsyncGenerator<GatewayGuildMembersChunkDispatchData, void, undefined> {
  const left = new AbortController();
  const chunks = new AsyncQueue<GatewayGuildMembersChunkDispatchData>({
    max: Infinity,
    overflowed: null,
    closed: () => left.abort(),
  });
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  collectChunks(requests, request, { ...options, signal }, (chunk) => chunks.push(chunk)).then(
    () => chunks.end(),
    (error: unknown) => chunks.fail(error),
  );
  yield* chunks;
}

/** Tells each chunk of the answer once, in whatever order they come; resolves after the last. */
async function collectChunks(
  requests: PendingRequests,
  request: GatewayRequestGuildMembersData,
  options: RequestOptions | undefined,
  take: (chunk: GatewayGuildMembersChunkDispatchData) => void,
): Promise<void> {
  checkRequest(request);
  const { nonce = randomBytes(MAX_NONCE_BYTES / 2).toString('hex') } = request;
  const seen = new Set<number>();
  let count: number | null = null;
  await ask<void>(
    requests,
    {
      op: Opcode.RequestGuildMembers,
      d: { ...request, nonce },
      listeners: ({ more, whole }) => ({
        GUILD_MEMBERS_CHUNK(chunk) {
          if (chunk.nonce !== nonce || seen.has(chunk.chunk_index)) return;
          seen.add(chunk.chunk_index);
          count = chunk.chunk_count;
          take(chunk);
          if (seen.size >= count) whole();
          else more();
        },
      }),
      progress: () => (count === null ? '0 chunks came' : `${seen.size} of ${count} chunks came`),
      isLimitedBy: (meta) => (meta.nonce === undefined ? meta.guild_id === request.guild_id : meta.nonce === nonce),
    },
    options,
  );
}

function checkRequest(request: object): void {
  const { guild_id, query, user_ids, limit, presences, nonce } = (request ?? {}) as Record<string, unknown>;
  refusePayload(
    'request for guild members',
    (!isSnowflake(guild_id) && 'guild_id must be a snowflake') ||
      ((query === undefined) === (user_ids === undefined) && 'it takes either query and limit, or user_ids') ||
      (query !== undefined && typeof query !== 'string' && 'query must be a string, empty for all members') ||
      (query !== undefined && !isWhole(limit) && 'limit must be a whole number, 0 for no limit') ||
      (user_ids !== undefined &&
        !isSnowflake(user_ids) &&
        !isSnowflakes(user_ids, MAX_USER_IDS) &&
        `user_ids must be 1 to ${MAX_USER_IDS} snowflakes`) ||
      (presences !== undefined && typeof presences !== 'boolean' && 'presences must be a boolean') ||
      (nonce !== undefined && !isNonce(nonce) && `nonce must be a string of 1 to ${MAX_NONCE_BYTES} bytes`),
    request,
  );
}

const isNonce = (nonce: unknown) =>
  typeof nonce === 'string' && nonce !== '' && Buffer.byteLength(nonce) <= MAX_NONCE_BYTES;
