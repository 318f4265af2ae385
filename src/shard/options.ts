import { inspect } from 'node:util';
import type { GatewayIdentifyProperties } from 'discord-api-types/v10';
import type { InspectionEvent, Observer } from 'xstate';
import type { ShardInput } from '../../machines/shard.types.js';
import type { Awaitable } from '../util/awaitable.js';
import type { IdentifyLimiter } from '../identify/limiter.js';
import { hasZstd, type Compression, type ZlibImplementation } from '../actors/inflate/createInflater.js';
import { didYouMean } from '../util/didYouMean.js';
import { checkFlag, checkMethods, checkNames, checkToken, namesOf, refuse, whole } from '../util/options.js';
import { isRecord, isWhole } from '../util/predicates.js';
import type { Logger } from '../util/logger.js';
import { hidingToken } from '../util/hidingToken.js';
import { checkEventsOption } from './eventNames.js';
import type { DispatchEvents } from './events.js';
import { fits, identifyPayload } from './identifyPayload.js';
import { checkNetwork, type NetworkOptions } from './network.js';
import { checkPresence, type Presence } from './presence.js';
import { resolveWaits } from './waits.js';
import { checkZlib } from './zlib.js';
import { ShardError } from '../util/errors.js';
import { intentNames, sumOfIntents, type IntentName, type Intents } from '../protocol/intents.js';
import { isSession, plainSession, type Session } from '../protocol/session.js';
import { isGatewayUrl } from '../protocol/url.js';
import type { SessionStore } from '../sessions/sessionStore.js';

/** Options of {@link createShard}. */
export interface ShardOptions extends NetworkOptions {
  /** The bot's token, without "Bot ". It is kept in the socket's closure and shown nowhere. */
  token: string;
  /**
   * Names as in `['Guilds', 'GuildMessages']`, bits of `GatewayIntentBits`, or the sum of the bits.
   *
   * See [Discord Docs/List of Intents](https://docs.discord.com/developers/events/gateway#list-of-intents).
   */
  intents: Intents;
  /** Default 0. */
  id?: number;
  /** How many shards the bot has. Default 1. */
  total?: number;
  /** The first URL, without a query, or a function of the shard id that tells it. Default `wss://gateway.discord.gg`. */
  url?: string | ((shardId: number) => Awaitable<string>);
  /**
   * Host names, each with its subdomains, at which a session may be resumed besides the first URL's domain and this machine:
   * a RESUME carries the token. A resume URL elsewhere is reported as `malformed`, and the first URL is used. Default: none.
   */
  trustedHosts?: readonly string[];
  /** Default 10. */
  version?: number;
  encoding?: 'json';
  /** Default `zlib-stream`. `zstd-stream` needs Node 22.15 or 24. */
  compression?: Compression;
  /**
   * What inflates zlib-stream. `auto` takes WebAssembly, which is the fastest; where a process may not use that, zlib-sync if
   * it is installed and sound on this Node, else minizlib. Default `auto`.
   */
  zlib?: 'auto' | ZlibImplementation;
  /** Default: `{ os: process.platform, browser: 'shardchart', device: 'shardchart' }`. */
  properties?: GatewayIdentifyProperties;
  /** What the bot shows from its first moment on. */
  presence?: Presence;
  /** The same, asked for at every identify; one that fails or takes longer than `timeouts.ready` is reported and done without. */
  makePresence?: (shardId: number) => Awaitable<Presence>;
  /** 50 to 250: above how many members a guild's offline members are left out. */
  largeThreshold?: number;
  /** Resume this one first. */
  session?: Session | null;
  /** Read before the first connection, written from then on. */
  sessionStore?: SessionStore;
  /** Default: one of this shard's own. Shards of one bot must share one. */
  identifyLimiter?: IdentifyLimiter;
  /**
   * Parse and deliver only these dispatches (and READY and RESUMED). Names are upper case; one that discord-api-types does
   * not know has a warning.
   */
  events?: readonly DispatchName[];
  /** False: a lost connection leaves the shard Offline. Default true. */
  autoReconnect?: boolean;
  /**
   * How often in a row a resume may fail at its resume URL. From then on RESUME goes to the first URL and the resume URL in
   * turn, until one answers. Only the gateway's word ends a session: op 9 false, or a close code that says so. Default 3.
   */
  resumeAttempts?: number;
  /**
   * Milliseconds. Defaults: handshake 15 000, hello 15 000, ready 15 000 (restarted by every sign of life), readyMax 600 000
   * (the whole wait for READY), resumed 30 000 (restarted by every replayed dispatch), close 2 000.
   */
  timeouts?: TimeoutOptions;
  /**
   * Milliseconds. Defaults: initial 1 000, max 60 000, stableAfter 5 000. A connection that has been Connected for
   * `stableAfter`, with a heartbeat acknowledged, clears the count of failures. The wait before a RESUME is 5 000 at most
   * where the connection before was Connected, or its replay made progress.
   */
  backoff?: { initial?: number; max?: number; stableAfter?: number };
  /**
   * Reports a connection that is acknowledged and brings no event for `after` milliseconds, once a silence: event `quiet` and
   * a warning. With `reconnect` it is dropped and resumed then. Default: off, for a quiet bot is not a broken one.
   */
  quiet?: { after: number; reconnect?: boolean };
  /** How many payloads may wait to be sent. Default 1 000. */
  queue?: { max?: number };
  logger?: Logger;
  /** XState's inspection observer or function. */
  inspect?: Observer<InspectionEvent> | ((event: InspectionEvent) => void);
}

/** Limits of a shard's waits, in milliseconds. */
export interface TimeoutOptions {
  handshake?: number;
  hello?: number;
  ready?: number;
  readyMax?: number;
  resumed?: number;
  close?: number;
}

/** Name of a dispatch: one that discord-api-types knows, or another in upper case. */
export type DispatchName = keyof DispatchEvents | (Uppercase<string> & Record<never, never>);

type Chart = Omit<ShardInput, 'seed' | 'shardId'>;

/** As they were given, or undefined. */
type Given<Name extends keyof ShardOptions> = { readonly [N in Name]: ShardOptions[N] | undefined };

export interface ResolvedOptions
  extends
    Chart,
    Required<Pick<ShardOptions, 'token' | 'id' | 'total' | 'url' | 'version' | 'compression'>>,
    Given<
      | 'properties'
      | 'presence'
      | 'makePresence'
      | 'largeThreshold'
      | 'sessionStore'
      | 'identifyLimiter'
      | 'events'
      | 'logger'
      | 'inspect'
    > {
  readonly intents: number;
  readonly zlib: ZlibImplementation;
  readonly trustedHosts: readonly string[];
  readonly network: NetworkOptions;
  readonly queueMax: number;
}

const OPTIONS = namesOf<ShardOptions>()({
  token: true,
  intents: true,
  id: true,
  total: true,
  url: true,
  trustedHosts: true,
  agent: true,
  headers: true,
  tls: true,
  localAddress: true,
  version: true,
  encoding: true,
  compression: true,
  zlib: true,
  properties: true,
  presence: true,
  makePresence: true,
  largeThreshold: true,
  session: true,
  sessionStore: true,
  identifyLimiter: true,
  events: true,
  autoReconnect: true,
  resumeAttempts: true,
  timeouts: true,
  backoff: true,
  quiet: true,
  queue: true,
  logger: true,
  inspect: true,
});

/** Names of the options that are objects of options themselves. */
const NESTED = {
  timeouts: ['handshake', 'hello', 'ready', 'readyMax', 'resumed', 'close'],
  backoff: ['initial', 'max', 'stableAfter'],
  quiet: ['after', 'reconnect'],
  queue: ['max'],
} as const;

/** Options of a shard that all shards of a manager can share. */
export const SHARED_OPTIONS: readonly string[] = OPTIONS.filter(
  (name) => !['token', 'intents', 'id', 'total', 'session', 'sessionStore', 'identifyLimiter', 'logger'].includes(name),
);

const COMPRESSIONS: readonly string[] = ['zlib-stream', 'zstd-stream', 'payload', 'none'];

/**
 * Checks the options and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`
 */
export function resolveOptions(options: ShardOptions): ResolvedOptions {
  if (!isRecord(options)) {
    // Without the value: it may be the token.
    throw new ShardError('INVALID_OPTION', 'createShard takes an object: { token, intents, … }.');
  }
  return hidingToken(options.token, () => check(options));
}

function check(options: ShardOptions): ResolvedOptions {
  checkNames('A shard', options, OPTIONS);
  const { token, id = 0, total = 1, url = 'wss://gateway.discord.gg', compression = 'zlib-stream' } = options;
  checkToken(token);
  const intents = checkIntents(options.intents);
  whole('total', total, { min: 1, meaning: 'how many shards the bot has' });
  whole('id', id, { max: total - 1, meaning: `a shard id below \`total\` (${total})` });
  checkUrl(url);
  checkCompression(compression);
  const { version = 10, encoding = 'json', largeThreshold, resumeAttempts = 3, session, events } = options;
  whole('version', version, { min: 1, max: 99, meaning: 'the API version (10)' });
  if (encoding !== 'json') refuse('encoding', encoding, "'json'; 'etf' is not supported");
  if (largeThreshold !== undefined) whole('largeThreshold', largeThreshold, { min: 50, max: 250 });
  whole('resumeAttempts', resumeAttempts, { meaning: 'how many resumes may fail in a row' });
  if (session !== undefined && session !== null && !isSession(session)) {
    refuse('session', session, '{ id, sequence, resumeUrl }, as shard.session gave it');
  }
  checkEventsOption(events);
  if (options.makePresence !== undefined && typeof options.makePresence !== 'function') {
    refuse('makePresence', options.makePresence, 'a function of the shard id');
  }
  for (const name of ['timeouts', 'backoff', 'quiet', 'queue'] as const) {
    if (options[name] !== undefined && !isRecord(options[name])) refuse(name, options[name], 'an object');
    checkNames(`\`${name}\``, options[name], NESTED[name]);
  }
  checkFlag('autoReconnect', options.autoReconnect);
  checkMethods('identifyLimiter', options.identifyLimiter, ['acquire']);
  checkMethods('sessionStore', options.sessionStore, ['get', 'set', 'delete']);
  checkMethods('logger', options.logger, ['debug', 'info', 'warn', 'error']);
  const { max: queueMax = 1_000 } = options.queue ?? {};
  whole('queue.max', queueMax, { min: 1, meaning: 'how many payloads may wait' });
  const resolved = {
    token,
    intents,
    id,
    total,
    url,
    trustedHosts: checkHosts(options.trustedHosts),
    network: checkNetwork(options),
    version,
    compression,
    zlib: checkZlib(compression, options.zlib),
    properties: options.properties && { ...options.properties },
    presence: options.presence,
    makePresence: options.makePresence,
    largeThreshold,
    session: session ? plainSession(session) : null,
    sessionStore: options.sessionStore,
    identifyLimiter: options.identifyLimiter,
    events,
    autoReconnect: options.autoReconnect ?? true,
    resumeAttempts,
    ...resolveWaits(options),
    queueMax,
    logger: options.logger,
    inspect: options.inspect,
  };
  checkIdentify(resolved);
  return resolved;
}

/** An IDENTIFY the gateway cannot read would be sent, and refused with 4002, for ever. */
function checkIdentify(options: ResolvedOptions): void {
  const { presence, properties } = options;
  try {
    if (!fits(identifyPayload(options, undefined))) refuse('properties', properties, 'short: IDENTIFY has 4 096 bytes');
    if (!fits(identifyPayload(options, presence && checkPresence(presence)))) {
      refuse('presence', presence, 'short: IDENTIFY has 4 096 bytes in all');
    }
  } catch (cause) {
    if (cause instanceof ShardError && cause.code === 'INVALID_PAYLOAD') {
      throw new ShardError('INVALID_OPTION', `\`presence\`: ${cause.message}`, { value: cause.value });
    }
    if (cause instanceof ShardError) throw cause;
    throw new ShardError('INVALID_OPTION', '`properties` and `presence` must be what JSON can write.', { cause });
  }
}

/** The sum of the bits. */
function checkIntents(intents: unknown): number {
  if (!Array.isArray(intents)) {
    if (!isWhole(intents)) {
      refuse('intents', intents, "names such as ['Guilds', 'GuildMessages'], or the sum of bits of GatewayIntentBits");
    }
    return intents;
  }
  for (const intent of intents as unknown[]) {
    if (isWhole(intent) || intentNames.includes(intent as IntentName)) continue;
    const hint = typeof intent === 'string' ? didYouMean(intent, intentNames) : '';
    throw new ShardError(
      'INVALID_OPTION',
      `\`intents\` has ${inspect(intent)}, which is not an intent.${hint} The intents are ${intentNames.join(', ')}.`,
      { value: intent },
    );
  }
  return sumOfIntents(intents as (IntentName | number)[]);
}

function checkUrl(url: unknown): void {
  if (typeof url === 'function') return;
  if (url instanceof URL) {
    throw new ShardError('INVALID_OPTION', '`url` must be a text; got a URL object. Pass url.href.', {
      value: url.href,
    });
  }
  if (!isGatewayUrl(url)) {
    refuse('url', url, 'a ws:// or wss:// URL, or a function that returns one');
  }
}

function checkHosts(hosts: unknown = []): readonly string[] {
  if (!Array.isArray(hosts)) refuse('trustedHosts', hosts, "an array of host names such as ['gateway.example.com']");
  for (const host of hosts as unknown[]) {
    if (typeof host === 'string' && /^[\p{L}\d.-]+$|^\[[\da-f:.]+\]$/iu.test(host)) continue;
    refuse('trustedHosts', host, "host names such as 'gateway.example.com', without scheme and port");
  }
  return [...(hosts as string[])];
}

function checkCompression(compression: unknown): void {
  if (!COMPRESSIONS.includes(compression as string)) {
    refuse('compression', compression, COMPRESSIONS.map((name) => `'${name}'`).join(', '));
  }
  if (compression === 'zstd-stream' && !hasZstd) {
    throw new ShardError(
      'UNSUPPORTED_COMPRESSION',
      `'zstd-stream' needs Node 22.15 or 24; this is ${process.version}. Use 'zlib-stream'.`,
      { value: compression },
    );
  }
}
