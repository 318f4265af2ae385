import type { RESTGetAPIGatewayBotResult } from 'discord-api-types/v10';
import type { Awaitable } from '../util/awaitable.js';
import type { IdentifyLimiter } from '../identify/limiter.js';
import { checkBudget, type SessionStartLimit } from '../identify/identifyLimiter.js';
import type { Fetch } from '../util/network/agentFetch.js';
import { checkMethods, checkNames, namesOf, refuse } from '../util/options.js';
import { isRecord, isWhole } from '../util/predicates.js';
import { checkApi } from './gatewayInfo.js';
import type { Logger } from '../util/logger.js';
import { redactor } from '../util/redactor.js';
import { resolveOptions, SHARED_OPTIONS, type ShardOptions } from '../shard/options.js';
import { hidingToken } from '../util/hidingToken.js';
import type { Intents } from '../protocol/intents.js';
import { IDENTIFY_WINDOW_MS } from '../protocol/limits.js';
import { ShardError } from '../util/errors.js';
import { isGatewayUrl } from '../protocol/url.js';
import type { SessionStore } from '../sessions/sessionStore.js';

/** Options of {@link createShard} that all shards of a bot can share. */
export type SharedShardOptions = Omit<
  ShardOptions,
  'token' | 'intents' | 'id' | 'total' | 'session' | 'sessionStore' | 'identifyLimiter' | 'logger'
>;

/** Options of one shard. They replace those for all shards. */
export type OwnShardOptions = SharedShardOptions & Pick<ShardOptions, 'session'>;

/** The part of GET /gateway/bot's answer that a manager needs. */
export type GatewayInfo = Pick<RESTGetAPIGatewayBotResult, 'url' | 'shards' | 'session_start_limit'>;

/** Options of {@link createShardManager}. */
export interface ShardManagerOptions {
  /** The bot's token, without "Bot ". It appears in no log, error, event or snapshot. */
  token: string;
  /** As for {@link createShard}: names as in `['Guilds', 'GuildMessages']`, bits of `GatewayIntentBits`, or their sum. */
  intents: Intents;
  /** Number of shards the bot has in all. Default `'auto'`: the number that Discord recommends. */
  total?: number | 'auto';
  /** Ids of the shards that run here: a list, or the first and the last. Default: all. */
  ids?: readonly number[] | { readonly start: number; readonly end: number };
  /** The first URL of all shards, as `options.url`, which replaces it. Default: that of `gatewayInfo`. */
  url?: ShardOptions['url'];
  /** Options for all shards. They are read when a shard is created. */
  options?: SharedShardOptions;
  /** Options for single shards by id, such as a `session` to resume. */
  shardOptions?: Readonly<Record<number, OwnShardOptions>>;
  /** The answer of GET /gateway/bot. Default: `connect()` fetches it when it needs it. */
  gatewayInfo?: GatewayInfo;
  /** Base URL of Discord's API or of a proxy for it. Default `https://discord.com/api/v10`. */
  api?: string;
  /**
   * Asks GET /gateway/bot instead of the global `fetch`. Default: the global one, or with `options.agent` a request over
   * that agent.
   */
  fetch?: Fetch;
  /** Identifies left today, and `max_concurrency`. Default: those of `gatewayInfo`. */
  sessionStartLimit?: SessionStartLimit & { readonly max_concurrency?: number };
  /** Identifies of the day that the manager never uses, for other processes of the bot. Default 0. */
  reserve?: number;
  /** Milliseconds between two identifies of a key (`shard_id % max_concurrency`). Default 5 000. */
  identifyWindow?: number;
  /**
   * Called before each IDENTIFY, which leaves once the returned promise has resolved. The signal aborts when the shard no
   * longer waits: its connection was lost, or it was closed. Replaces the manager's own queue.
   */
  identifyHook?: (shardId: number, options: { readonly signal: AbortSignal }) => Awaitable<unknown>;
  /** Replaces the manager's own identify queue. Several managers of one bot share one limiter. */
  identifyLimiter?: IdentifyLimiter;
  /** Store of the shards' sessions: read before the shards connect, written from then on. */
  sessionStore?: SessionStore;
  logger?: Logger;
}

/** Options of `manager.reshard`. */
export interface ReshardOptions {
  /** Ids of the new total that run here. Default: all. */
  ids?: ShardManagerOptions['ids'];
  /** Calls the reshard off. It has no effect once the new set has taken over. */
  signal?: AbortSignal;
}

/** Options of `manager.restart`. */
export interface RestartOptions {
  /** True restarts one shard after another, and stops at the first that does not come back. Default false: all at once. */
  rolling?: boolean;
  /** True identifies with new sessions instead of resuming, at the cost of one identify for each shard. Default false. */
  newSessions?: boolean;
}

export interface ResolvedManagerOptions extends Omit<
  ShardManagerOptions,
  'total' | 'ids' | 'options' | 'shardOptions' | 'reserve' | 'identifyWindow'
> {
  readonly total: number | 'auto';
  /** Null: all ids of the total. */
  readonly ids: readonly number[] | null;
  readonly options: SharedShardOptions;
  readonly shardOptions: Readonly<Record<number, OwnShardOptions>>;
  readonly reserve: number;
  readonly identifyWindow: number;
}

const OPTIONS = namesOf<ShardManagerOptions>()({
  token: true,
  intents: true,
  total: true,
  ids: true,
  url: true,
  options: true,
  shardOptions: true,
  gatewayInfo: true,
  api: true,
  fetch: true,
  sessionStartLimit: true,
  reserve: true,
  identifyWindow: true,
  identifyHook: true,
  identifyLimiter: true,
  sessionStore: true,
  logger: true,
});

/**
 * Checks the options, those of the shards too, and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`
 */
export function resolveManagerOptions(options: ShardManagerOptions): ResolvedManagerOptions {
  if (!isRecord(options)) {
    // The error does not show the value, because it may be the token.
    throw new ShardError('INVALID_OPTION', 'createShardManager takes an object: { token, intents, … }.');
  }
  return hidingToken(options.token, () => check(options));
}

function check(given: ShardManagerOptions): ResolvedManagerOptions {
  checkManagerNames(given);
  const { total = 'auto', options = {}, shardOptions = {}, reserve = 0, identifyWindow = IDENTIFY_WINDOW_MS } = given;
  if (total !== 'auto') checkTotal(total);
  for (const [name, value] of Object.entries({ options, shardOptions })) {
    if (typeof value !== 'object' || value === null) refuse(name, value, 'an object');
  }
  const ids = given.ids === undefined ? null : idsOf(given.ids);
  if (ids !== null && total !== 'auto') checkIds(ids, total);
  checkMethods('identifyLimiter', given.identifyLimiter, ['acquire']);
  checkMethods('sessionStore', given.sessionStore, ['get', 'set', 'delete']);
  checkMethods('logger', given.logger, ['debug', 'info', 'warn', 'error']);
  if (given.identifyHook !== undefined && typeof given.identifyHook !== 'function') {
    refuse('identifyHook', given.identifyHook, 'a function of the shard id');
  }
  if (given.identifyHook !== undefined && given.identifyLimiter !== undefined) {
    throw new ShardError(
      'INVALID_OPTION',
      'Give either `identifyHook` or `identifyLimiter`, not both: only one can decide which shard identifies.',
    );
  }
  checkBudget({ window: identifyWindow, reserve, sessionStartLimit: given.sessionStartLimit });
  if (given.gatewayInfo !== undefined) checkInfo(given.gatewayInfo);
  if (given.api !== undefined) checkApi(given.api, redactor(String(given.token)));
  if (given.fetch !== undefined && typeof given.fetch !== 'function') {
    refuse('fetch', given.fetch, 'a function as the global fetch is one');
  }
  if (Object.hasOwn(options, 'session')) {
    refuse('options.session', null, 'left out: a session is one shard’s, in `shardOptions[id].session`');
  }
  checkShardOptions(given, 'options', options);
  for (const [id, own] of Object.entries(shardOptions)) {
    const isOwn = typeof own === 'object' && own !== null;
    if (!/^\d{1,15}$/.test(id) || !isOwn) refuse('shardOptions', shardOptions, 'objects by shard ids');
    checkShardOptions(given, `shardOptions[${id}]`, { ...options, ...own });
  }
  return { ...given, total, ids, options, shardOptions, reserve, identifyWindow };
}

function checkManagerNames(given: ShardManagerOptions): void {
  const misplaced = Object.keys(given).find((name) => !OPTIONS.includes(name) && SHARED_OPTIONS.includes(name));
  if (misplaced !== undefined) {
    const message = `\`${misplaced}\` is an option of shards: put it into the manager's \`options\`.`;
    throw new ShardError('INVALID_OPTION', message, { value: misplaced });
  }
  checkNames('A manager', given, OPTIONS);
}

/** Options of the manager that would be ignored among the options of shards. */
const MISPLACED = ['token', 'intents', 'id', 'total', 'sessionStore', 'identifyLimiter', 'logger'];

function checkShardOptions({ token, intents, url }: ShardManagerOptions, name: string, options: OwnShardOptions): void {
  const misplaced = MISPLACED.find((option) => Object.hasOwn(options, option));
  if (misplaced !== undefined) {
    const message = `\`${name}.${misplaced}\` is an option of the manager: put \`${misplaced}\` beside \`options\`.`;
    throw new ShardError(
      'INVALID_OPTION',
      misplaced === 'id' ? `\`${name}.id\` is set by the manager: leave it out.` : message,
    );
  }
  checkNames(`\`${name}\``, options, [...SHARED_OPTIONS, 'session']);
  resolveOptions({ ...(url !== undefined && { url }), ...options, token, intents });
}

export function checkTotal(total: unknown): void {
  if (!isWhole(total, 1)) refuse('total', total, "a whole number from 1, how many shards the bot has, or 'auto'");
}

/** @throws ShardError `INVALID_OPTION` */
export function idsOf(ids: NonNullable<ShardManagerOptions['ids']>): number[] {
  if (Array.isArray(ids)) {
    if (ids.length > 0 && ids.every((id) => isWhole(id)))
      return [...new Set(ids as number[])].toSorted((a, b) => a - b);
  } else if (typeof ids === 'object' && ids !== null) {
    const { start, end } = ids as { start: unknown; end: unknown };
    if (isWhole(start) && isWhole(end) && start <= end)
      return Array.from({ length: end - start + 1 }, (_, n) => start + n);
  }
  refuse('ids', ids, 'shard ids such as [0, 1], or { start, end } with the first and the last');
}

/** @throws ShardError `INVALID_OPTION` */
export function checkIds(ids: readonly number[], total: number): void {
  const tooHigh = ids.find((id) => id >= total);
  if (tooHigh !== undefined) refuse('ids', tooHigh, `shard ids below the total (${total})`);
}

/** @throws ShardError `INVALID_OPTION` */
export function checkInfo(info: GatewayInfo): void {
  const { url, shards, session_start_limit: limit } = (info as GatewayInfo | null) ?? {};
  const isInfo = isGatewayUrl(url) && isWhole(shards, 1) && limit !== undefined;
  if (!isInfo) refuse('gatewayInfo', info, 'the answer of GET /gateway/bot', 3);
  checkBudget({ sessionStartLimit: limit, maxConcurrency: limit.max_concurrency });
}
