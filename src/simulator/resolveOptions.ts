import { inspect } from 'node:util';
import { IDENTIFY_WINDOW_MS, SEND_LIMIT, SEND_WINDOW_MS } from '../protocol/limits.js';
import { isSnowflake } from '../protocol/sharding.js';
import { didYouMean } from '../util/didYouMean.js';
import { isNumberFrom, isRecord, isWhole } from '../util/predicates.js';
import type { SessionStartLimit } from './connection/identifyGate.js';
import type { SimulatorOptions } from './options.js';
import { SimulatorError } from './simulatorError.js';

/** Options of a simulator, checked and with their defaults. They hold no token. */
export type ResolvedOptions = Omit<Required<SimulatorOptions>, 'script' | 'sessionStartLimit' | 'token'> & {
  readonly sessionStartLimit: SessionStartLimit;
  /** True for a token that IDENTIFY, RESUME and the HTTP API may use. */
  readonly acceptsToken: (token: unknown) => boolean;
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {@link SimulatorError} `INVALID_OPTION` for the first option that is unknown or has a wrong value.
 */
export function resolveOptions(options: SimulatorOptions): ResolvedOptions {
  const { token, script: _, ...plain } = options;
  const unknown = Object.keys(plain).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    throw new SimulatorError(
      'INVALID_OPTION',
      `The simulator has no option \`${unknown}\`.${didYouMean(unknown, [...Object.keys(rules), 'token', 'script'])} Remove it, or check its spelling.`,
      unknown,
    );
  }
  const identifyWindow = plain.identifyWindow ?? IDENTIFY_WINDOW_MS;
  const total = plain.sessionStartLimit?.total ?? 1_000;
  const resolved: ResolvedOptions = {
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
    membersWindow: 30_000,
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
    api: () => undefined,
    ...withoutUndefined(plain),
    identifyWindow,
    sessionStartLimit: { total, remaining: total, resetAfter: 86_400_000, ...plain.sessionStartLimit },
    acceptsToken: tokenCheck(token),
  };
  for (const [name, [isValid, mustBe]] of Object.entries(rules)) {
    const value = resolved[name as keyof ResolvedOptions];
    if (isValid(value)) continue;
    const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 100 });
    throw new SimulatorError('INVALID_OPTION', `\`${name}\` must be ${mustBe}; got ${shown}.`, value);
  }
  return resolved;
}

type Rule = readonly [isValid: (value: unknown) => boolean, mustBe: string];

const count: Rule = [(value) => isWhole(value, 1), 'a whole number of at least 1'];
const milliseconds: Rule = [(value) => isNumberFrom(0, value), 'a number of milliseconds of at least 0'];
const positiveMilliseconds: Rule = [
  (value) => isNumberFrom(Number.MIN_VALUE, value),
  'a number of milliseconds above 0',
];
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const bits: Rule = [(value) => isWhole(value), 'a sum of intent bits'];
const countOrInfinity: Rule = [
  (value) => value === Infinity || isWhole(value, 1),
  'a whole number of at least 1, or Infinity',
];

const rules: Readonly<Record<Exclude<keyof ResolvedOptions, 'acceptsToken'>, Rule>> = {
  port: [(value) => isWhole(value, 0, 65_535), 'a port from 0 to 65535'],
  host: [(value) => typeof value === 'string' && value !== '', 'a host name or IP address to listen on'],
  heartbeatInterval: positiveMilliseconds,
  heartbeatSlack: [
    (value) => value === Infinity || isNumberFrom(0, value),
    'a number of milliseconds of at least 0, or Infinity',
  ],
  shards: count,
  maxConcurrency: count,
  identifyWindow: milliseconds,
  identifyTolerance: milliseconds,
  sessionStartLimit: [
    isStartLimit,
    '{ total, remaining, resetAfter }, numbers of at least 0, with remaining at most total',
  ],
  sendLimit: count,
  sendWindow: milliseconds,
  presenceLimit: count,
  presenceWindow: milliseconds,
  membersWindow: milliseconds,
  sessionTimeout: milliseconds,
  maxReplay: count,
  allowedIntents: bits,
  disallowedIntents: bits,
  requireSharding: flag,
  chunkSize: count,
  guilds: [isGuilds, 'an array of { id, name } whose ids are snowflakes (digits)'],
  user: [
    (value) => isRecord(value) && isSnowflake(value['id']) && typeof value['username'] === 'string',
    '{ id, username }',
  ],
  splitFrames: countOrInfinity,
  payloadCompressionThreshold: [(value) => isWhole(value), 'a number of bytes of at least 0'],
  record: flag,
  maxFrames: count,
  now: [(value) => typeof value === 'function', 'a function that returns milliseconds'],
  api: [(value) => typeof value === 'function', 'a function that takes a request and returns its answer, or undefined'],
};

/** The token stays in the closure of the returned check, so that no object that can be printed holds it. */
function tokenCheck(token: string | undefined): (token: unknown) => boolean {
  if (token !== undefined && (typeof token !== 'string' || token === '' || /^Bot\s/i.test(token))) {
    throw new SimulatorError(
      'INVALID_OPTION',
      '`token` must be a non-empty string without "Bot " in front. Remove the prefix, or leave `token` out to accept any.',
    );
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
