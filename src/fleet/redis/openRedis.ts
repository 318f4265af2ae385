import { ShardError } from '../../util/errors.js';
import { handled } from '../../util/handled.js';
import { messageOf } from '../../util/messageOf.js';
import { refuse } from '../../util/options.js';
import { IoRedis } from './ioRedis.js';
import { NodeRedis } from './nodeRedis.js';
import type { OnRedisError, RedisClient, RedisTarget } from './redisClient.js';

/** Longest wait between two attempts to reach Redis: short beside a lease. */
const RECONNECT_MS = 500;

const reconnectDelayMs = (attempts: number) => Math.min(RECONNECT_MS, 25 * 2 ** Math.min(attempts, 5));

const isClient = (value: unknown, method: 'call' | 'sendCommand') =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Record<string, unknown>>)[method] === 'function';

/**
 * Checks the option `redis`: a URL or a client. Its value is not shown, because a URL may have a password.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkRedis(redis: unknown): void {
  const isUrl = typeof redis === 'string' && /^(rediss?|unix):\/\//.test(redis) && URL.canParse(redis);
  if (isUrl || isClient(redis, 'call') || isClient(redis, 'sendCommand')) return;
  const taken = "a URL such as 'redis://127.0.0.1:6379', or a client of `redis`, `@redis/client` or `ioredis`";
  refuse('redis', typeof redis === 'string' ? 'another text' : typeof redis, taken);
}

/**
 * Opens the option `redis`, and reports the first error of its connection as one sentence. Rejects as {@link open} does; a
 * rejection that stays unhandled does not end the process.
 */
export function openRedis(redis: RedisTarget, onError: (message: string) => void): Promise<RedisClient> {
  let isReported = false;
  const report = (error: unknown) => {
    if (!isReported) onError(`Redis cannot be reached: ${messageOf(error)}. It is tried again.`);
    isReported = true;
  };
  return handled(open(redis, report));
}

/**
 * The client behind the option `redis`. A URL is connected by whichever package is installed: `redis`, `@redis/client` or
 * `ioredis`, in this order. A connection that is lost is made again for as long as the client lives.
 * @throws ShardError `INVALID_OPTION` where none of them is installed
 */
async function open(redis: RedisTarget, onError: OnRedisError): Promise<RedisClient> {
  // ioredis has a method `sendCommand` too, which takes something else.
  if (isClient(redis, 'call')) return new IoRedis(redis as object, false);
  if (typeof redis !== 'string') return new NodeRedis(redis, false);
  const nodeRedis = (await load('redis')) ?? (await load('@redis/client'));
  if (nodeRedis !== null) return connectNodeRedis(nodeRedis as NodeRedisModule, redis, onError);
  const ioRedis = await load('ioredis');
  if (ioRedis !== null) return connectIoRedis(ioRedis as IoRedisModule, redis, onError);
  throw new ShardError('INVALID_OPTION', '`redis` is a URL, and no client is installed: run `npm install redis`.');
}

interface NodeRedisModule {
  createClient(options: object): { on(name: 'error', listener: OnRedisError): unknown; connect(): Promise<unknown> };
}

async function connectNodeRedis(module: NodeRedisModule, url: string, onError: OnRedisError): Promise<RedisClient> {
  const path = url.startsWith('unix://') ? { path: url.slice('unix://'.length), tls: false } : null;
  const socket = { reconnectStrategy: reconnectDelayMs, connectTimeout: 5_000, ...path };
  const client = module.createClient({ ...(path === null && { url }), socket });
  client.on('error', onError);
  // Resolves once Redis answers: until then it is tried again and again, and commands wait.
  client.connect().catch(onError);
  return Promise.resolve(new NodeRedis(client, true));
}

interface IoRedisModule {
  readonly Redis: new (target: string, options: object) => { on(name: 'error', listener: OnRedisError): unknown };
}

function connectIoRedis({ Redis }: IoRedisModule, url: string, onError: OnRedisError): RedisClient {
  const options = {
    retryStrategy: reconnectDelayMs,
    // A command waits for the connection to come back, as long as its caller does.
    maxRetriesPerRequest: null,
    connectTimeout: 5_000,
  };
  const client = new Redis(url.replace(/^unix:\/\//, ''), options);
  client.on('error', onError);
  return new IoRedis(client, true);
}

/** The module; null where the package is not installed. Its name stays a variable: no bundler and no compiler looks for it. */
async function load(name: string): Promise<unknown> {
  try {
    return (await import(name)) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}
