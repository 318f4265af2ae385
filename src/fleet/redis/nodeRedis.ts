import { ShardError } from '../../util/errors.js';
import type { OnRedisError, RedisArgument, RedisClient } from './redisClient.js';

/** The methods of node-redis 5 that are used, of its three kinds of client. */
interface Single {
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>;
  duplicate(): AnyClient;
  connect(): Promise<unknown>;
  on(name: 'error', listener: OnRedisError): unknown;
  destroy(): void;
}

interface Cluster extends Omit<Single, 'sendCommand'> {
  sendCommand(key: string, isReadonly: boolean, args: readonly RedisArgument[]): Promise<unknown>;
  readonly getRandomNode: unknown;
}

interface Sentinel extends Omit<Single, 'sendCommand'> {
  sendCommand(isReadonly: boolean, args: readonly RedisArgument[]): Promise<unknown>;
  readonly acquire: unknown;
}

type AnyClient = Single | Cluster | Sentinel;

const isCluster = (client: AnyClient): client is Cluster => 'getRandomNode' in client;
const isSentinel = (client: AnyClient): client is Sentinel => 'acquire' in client;

/** Fits a client of `redis` or `@redis/client`. `isOwn`: it was made here, and ends with `close`. */
export class NodeRedis implements RedisClient {
  readonly #client: AnyClient;
  readonly #isOwn: boolean;

  constructor(client: object, isOwn: boolean) {
    this.#client = client as AnyClient;
    this.#isOwn = isOwn;
  }

  command(key: string, args: readonly RedisArgument[]): Promise<unknown> {
    const client = this.#client;
    if (isCluster(client)) return client.sendCommand(key, false, args);
    return isSentinel(client) ? client.sendCommand(false, args) : client.sendCommand(args);
  }

  duplicate(onError: OnRedisError): RedisClient {
    if (isSentinel(this.#client)) {
      const message =
        'A Sentinel client of node-redis cannot open the second connection that a fleet needs for reading. Use a client of ioredis for Sentinel.';
      throw new ShardError('INVALID_OPTION', message, { value: 'redis' });
    }
    const client = this.#client.duplicate();
    client.on('error', onError);
    // Resolves once Redis answers: until then it is tried again and again, and commands wait.
    client.connect().catch(onError);
    return new NodeRedis(client, true);
  }

  close(): void {
    if (!this.#isOwn) return;
    try {
      this.#client.destroy();
    } catch {
      // A client that is not connected cannot be destroyed, and need not be.
    }
  }
}
