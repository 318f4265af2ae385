import { IDENTIFY_WINDOW_MS, SEND_LIMIT, SEND_WINDOW_MS } from '../protocol/limits.js';
import { isSnowflake } from '../protocol/sharding.js';
import { isNumberFrom, isRecord, isWhole } from '../util/predicates.js';
import { SimulatorError } from './error.js';
import type { Fault } from './faults/faults.js';
import type { SessionStartLimit } from './connection/identifyGate.js';

/**
 * A guild for READY and GUILD_CREATE; further fields go into GUILD_CREATE as they are. Requests are answered out of those
 * that GUILD_CREATE has at Discord: `members`, `presences`, `soundboard_sounds`, `channels`.
 */
export interface SampleGuild {
  /** Snowflake: digits. It decides the shard the guild belongs to. */
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/**
 * What {@link createGatewaySimulator} takes; everything is optional.
 *
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting) for the limits.
 */
export interface SimulatorOptions {
  /** Port to listen on; default 0, any free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** The only token accepted, without "Bot "; default: any text that is not empty. It is never recorded, logged or shown. */
  readonly token?: string;
  /** `heartbeat_interval` of HELLO in milliseconds; default 41 250. */
  readonly heartbeatInterval?: number;
  /** Milliseconds beyond one and a half intervals without a heartbeat until 4009; default 1 000. Infinity: never. */
  readonly heartbeatSlack?: number;
  /** `shards` that `GET /gateway/bot` recommends; default 1. */
  readonly shards?: number;
  /** `max_concurrency`; default 1. */
  readonly maxConcurrency?: number;
  /** Milliseconds between two IDENTIFYs of one `shard_id % max_concurrency`; default 5 000. */
  readonly identifyWindow?: number;
  /** Milliseconds by which an IDENTIFY may come early, for clocks and networks jitter; default a tenth of the window, at most 50. */
  readonly identifyTolerance?: number;
  /** Default `{ total: 1000, remaining: 1000, resetAfter: 86_400_000 }`, `resetAfter` in milliseconds; `remaining` follows `total`. */
  readonly sessionStartLimit?: Partial<SessionStartLimit>;
  /** Payloads a connection may send in any `sendWindow`; default 120. */
  readonly sendLimit?: number;
  /** Milliseconds; default 60 000. */
  readonly sendWindow?: number;
  /** Presence updates a connection may send in any `presenceWindow`; default 5. One more is a violation and is ignored. */
  readonly presenceLimit?: number;
  /** Milliseconds; default 20 000. */
  readonly presenceWindow?: number;
  /** Milliseconds a session outlives its connection; default 60 000. */
  readonly sessionTimeout?: number;
  /** Dispatches a session keeps for replay; default 10 000. A RESUME from further back gets op 9 false. */
  readonly maxReplay?: number;
  /** Intent bits that exist; any other bit is answered with 4013. Default: all. */
  readonly allowedIntents?: number;
  /** Intent bits the bot was not granted; one of them is answered with 4014. Default 0. */
  readonly disallowedIntents?: number;
  /** True: a bot that identifies with a total of 1 is answered with 4011. Default false. */
  readonly requireSharding?: boolean;
  /** Guilds of the bot, spread over the shards as Discord does; default none. */
  readonly guilds?: readonly SampleGuild[];
  /** Members in a GUILD_MEMBERS_CHUNK; default 1 000, as at Discord. */
  readonly chunkSize?: number;
  /** `user` and `application` of READY. */
  readonly user?: { readonly id: string; readonly username: string };
  /** Bytes after which a `zlib-stream` message goes on in another WebSocket message; default: never. */
  readonly splitFrames?: number;
  /** Bytes from which `compress: true` in IDENTIFY makes a message a zlib buffer; default 1 024. */
  readonly payloadCompressionThreshold?: number;
  /** Whether frames are recorded; default true. Violations, identifies and the log are in any case. */
  readonly record?: boolean;
  /** Frames kept, and as many log entries, violations and identifies; the oldest go first. Default 100 000. */
  readonly maxFrames?: number;
  /** Milliseconds, never going back; default the system's time since the epoch. It stamps and measures; it moves no timer. */
  readonly now?: () => number;
  /** Faults to come, in order: see {@link Fault}. */
  readonly script?: readonly Fault[];
}

/** The options with their defaults, and no token in them. */
export type Settings = Omit<Required<SimulatorOptions>, 'script' | 'sessionStartLimit' | 'token'> & {
  readonly sessionStartLimit: SessionStartLimit;
  /** Whether this is a token to let in. */
  readonly acceptsToken: (token: unknown) => boolean;
};

/** @throws {@link SimulatorError} `INVALID_OPTION`, naming the first option that cannot be. */
export function resolveOptions(options: SimulatorOptions): Settings {
  const { token, script: _, ...plain } = options;
  const unknown = Object.keys(plain).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    throw new SimulatorError('INVALID_OPTION', `There is no option \`${unknown}\`. Leave it out.`, unknown);
  }
  const identifyWindow = plain.identifyWindow ?? IDENTIFY_WINDOW_MS;
  const total = plain.sessionStartLimit?.total ?? 1_000;
  const settings: Settings = {
    port: 0,
    host: '127.0.0.1',
    heartbeatInterval: 41_250,
    heartbeatSlack: 1_000,
    shards: 1,
    maxConcurrency: 1,
    identifyTolerance: Math.min(50, identifyWindow / 10),
    sendLimit: SEND_LIMIT,
    sendWindow: SEND_WINDOW_MS,
    presenceLimit: 5,
    presenceWindow: 20_000,
    sessionTimeout: 60_000,
    maxReplay: 10_000,
    allowedIntents: Number.MAX_SAFE_INTEGER,
    disallowedIntents: 0,
    requireSharding: false,
    guilds: [],
    chunkSize: 1_000,
    user: { id: '80351110224678912', username: 'simulated' },
    splitFrames: Infinity,
    payloadCompressionThreshold: 1_024,
    record: true,
    maxFrames: 100_000,
    now: () => performance.timeOrigin + performance.now(),
    ...withoutUndefined(plain),
    identifyWindow,
    sessionStartLimit: { total, remaining: total, resetAfter: 86_400_000, ...plain.sessionStartLimit },
    acceptsToken: tokenCheck(token),
  };
  for (const [name, [isValid, mustBe]] of Object.entries(rules)) {
    const value = settings[name as keyof Settings];
    if (!isValid(value)) throw new SimulatorError('INVALID_OPTION', `\`${name}\` must be ${mustBe}.`, value);
  }
  return settings;
}

type Rule = readonly [isValid: (value: unknown) => boolean, mustBe: string];

const count: Rule = [(value) => isWhole(value, 1), 'a whole number from 1 on'];
const milliseconds: Rule = [(value) => isNumberFrom(0, value), 'a number of milliseconds from 0 on'];
const positiveMilliseconds: Rule = [
  (value) => isNumberFrom(Number.MIN_VALUE, value),
  'a number of milliseconds above 0',
];
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const bits: Rule = [(value) => isWhole(value), 'a sum of intent bits'];
const countOrInfinity: Rule = [
  (value) => value === Infinity || isWhole(value, 1),
  'a whole number from 1 on, or Infinity',
];

const rules: Readonly<Record<Exclude<keyof Settings, 'acceptsToken'>, Rule>> = {
  port: [(value) => isWhole(value, 0, 65_535), 'a port from 0 to 65535'],
  host: [(value) => typeof value === 'string' && value !== '', 'an address to listen on'],
  heartbeatInterval: positiveMilliseconds,
  heartbeatSlack: [
    (value) => value === Infinity || isNumberFrom(0, value),
    'a number of milliseconds from 0 on, or Infinity',
  ],
  shards: count,
  maxConcurrency: count,
  identifyWindow: milliseconds,
  identifyTolerance: milliseconds,
  sessionStartLimit: [isStartLimit, '{ total, remaining, resetAfter }, numbers from 0 on, remaining not above total'],
  sendLimit: count,
  sendWindow: milliseconds,
  presenceLimit: count,
  presenceWindow: milliseconds,
  sessionTimeout: milliseconds,
  maxReplay: count,
  allowedIntents: bits,
  disallowedIntents: bits,
  requireSharding: flag,
  chunkSize: count,
  guilds: [isGuilds, 'an array of { id, name }, each id a snowflake (digits)'],
  user: [
    (value) => isRecord(value) && isSnowflake(value['id']) && typeof value['username'] === 'string',
    '{ id, username }',
  ],
  splitFrames: countOrInfinity,
  payloadCompressionThreshold: [(value) => isWhole(value), 'a number of bytes from 0 on'],
  record: flag,
  maxFrames: count,
  now: [(value) => typeof value === 'function', 'a function that returns milliseconds'],
};

/** The token stays in this closure: no object anybody could print holds it. */
function tokenCheck(token: string | undefined): (token: unknown) => boolean {
  if (token !== undefined && (typeof token !== 'string' || token === '' || /^Bot\s/i.test(token))) {
    throw new SimulatorError('INVALID_OPTION', '`token` must be a text without "Bot " before it, and not empty.');
  }
  return (given) =>
    typeof given === 'string' && given !== '' && !/^Bot\s/i.test(given) && (token === undefined || given === token);
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as never;
}

function isGuilds(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((guild) => isRecord(guild) && isSnowflake(guild['id']) && typeof guild['name'] === 'string')
  );
}

function isStartLimit(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { total, remaining, resetAfter } = value;
  return isWhole(total) && isWhole(remaining) && isNumberFrom(0, resetAfter) && Number(remaining) <= Number(total);
}
