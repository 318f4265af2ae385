import { randomUUID } from 'node:crypto';
import { resolveManagerOptions, type ResolvedManagerOptions, type ShardManagerOptions } from '../manager/options.js';
import { ShardError } from '../util/errors.js';
import { hidingToken } from '../util/hidingToken.js';
import { checkNames, checkObject, namesOf, refuse, whole } from '../util/options.js';
import { isRecord } from '../util/predicates.js';
import { checkFleetName } from './keys.js';
import { checkRedis } from './redis/openRedis.js';
import type { RedisTarget } from './redis/redisClient.js';

/** Options of {@link createFleet}: those of a manager that a worker has too, and its own. */
export interface FleetOptions extends Omit<
  ShardManagerOptions,
  'ids' | 'identifyHook' | 'identifyLimiter' | 'sessionStore'
> {
  /** A URL (`redis://`, `rediss://`, `unix://`), or a connected client of `redis`, `@redis/client` or `ioredis`. */
  redis: RedisTarget;
  /** Name of the bot: its workers find each other by it, and every key in Redis begins with it. */
  name: string;
  /** Name of this worker, of which no other may run. Default: made at random for each start. */
  worker?: string;
  /** Most shards that this worker takes. Default: no limit. */
  capacity?: number;
  /**
   * Milliseconds. A worker that has not renewed its lease for `ttl` loses its shards to others; it renews it each `beat`.
   * Defaults: ttl 3 000, beat 1 000.
   */
  lease?: { ttl?: number; beat?: number };
  /** Also publish every event to Redis streams, of about `maxLength` events a shard (default 100 000). Default false. */
  publish?: boolean | { maxLength?: number };
}

export interface ResolvedFleetOptions {
  readonly manager: ResolvedManagerOptions;
  readonly redis: RedisTarget;
  readonly name: string;
  readonly worker: string;
  readonly capacity: number | null;
  readonly ttlMs: number;
  readonly beatMs: number;
  /** Null where events are not published. */
  readonly publish: { readonly maxLength: number } | null;
}

const OPTIONS = namesOf<FleetOptions>()({
  redis: true,
  name: true,
  worker: true,
  capacity: true,
  lease: true,
  publish: true,
  token: true,
  intents: true,
  total: true,
  url: true,
  options: true,
  shardOptions: true,
  gatewayInfo: true,
  api: true,
  fetch: true,
  sessionStartLimit: true,
  reserve: true,
  identifyWindow: true,
  logger: true,
});

const NOT_TAKEN: Readonly<Record<string, string>> = {
  ids: 'Redis says which worker runs which shard',
  identifyHook: 'the identify queue of a fleet is in Redis',
  identifyLimiter: 'the identify queue of a fleet is in Redis',
  sessionStore: 'the sessions of a fleet are in Redis',
};

const MAX_LENGTH = 100_000;

/**
 * Checks the options and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`
 */
export function resolveFleetOptions(options: FleetOptions): ResolvedFleetOptions {
  if (!isRecord(options)) {
    // The error does not show the value, because it may be the token.
    throw new ShardError('INVALID_OPTION', 'createFleet takes an object: { redis, name, token, intents, … }.');
  }
  return hidingToken(options.token, () => check(options));
}

function check(given: FleetOptions): ResolvedFleetOptions {
  for (const [name, reason] of Object.entries(NOT_TAKEN)) {
    if (!Object.hasOwn(given, name)) continue;
    throw new ShardError('INVALID_OPTION', `createFleet has no option \`${name}\`: ${reason}.`, { value: name });
  }
  checkNames('createFleet', given, OPTIONS);
  const {
    redis,
    name,
    worker = `w-${randomUUID().slice(0, 8)}`,
    capacity,
    lease = {},
    publish = false,
    ...rest
  } = given;
  checkRedis(redis);
  checkFleetName(name);
  if (typeof worker !== 'string' || !/^[\w.-]{1,64}$/.test(worker)) {
    refuse('worker', worker, "a name of letters, digits, '.', '_' and '-', 64 at most");
  }
  if (capacity !== undefined)
    whole('capacity', capacity, { min: 0, meaning: 'the most shards that this worker takes' });
  checkObject('lease', lease, '{ ttl: 3_000, beat: 1_000 }');
  checkNames('`lease`', lease, ['ttl', 'beat']);
  const { ttl = 3_000, beat = Math.ceil(ttl / 3) } = lease;
  whole('lease.ttl', ttl, { min: 100 });
  whole('lease.beat', beat, { min: 10 });
  if (2 * beat > ttl)
    refuse('lease.beat', beat, `at most half of \`lease.ttl\` (${ttl}), so that one beat may be late`);
  return {
    manager: resolveManagerOptions(rest),
    redis,
    name,
    worker,
    capacity: capacity ?? null,
    ttlMs: ttl,
    beatMs: beat,
    publish: checkPublish(publish),
  };
}

function checkPublish(publish: FleetOptions['publish']): ResolvedFleetOptions['publish'] {
  if (typeof publish === 'boolean') return publish ? { maxLength: MAX_LENGTH } : null;
  checkObject('publish', publish, '{ maxLength: 100_000 }');
  checkNames('`publish`', publish, ['maxLength']);
  const { maxLength = MAX_LENGTH } = publish ?? {};
  whole('publish.maxLength', maxLength, { min: 1, meaning: 'how many events a shard’s stream keeps' });
  return { maxLength };
}
