import type { OnRedisError, RedisArgument, RedisClient } from './redisClient.js';

type Listener = (message: string) => void;

/** The methods of node-redis 5 that are used, of its three kinds of client. */
interface Single {
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>;
  duplicate(options?: object): Single;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: Listener): Promise<void>;
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
  readonly #onError: OnRedisError;
  /** Connections that were opened here. */
  readonly #opened = new Set<{ destroy(): void }>();

  constructor(client: object, onError: OnRedisError, isOwn: boolean) {
    this.#client = client as AnyClient;
    this.#onError = onError;
    if (isOwn) this.#opened.add(this.#client);
  }

  command(key: string, args: readonly RedisArgument[]): Promise<unknown> {
    const client = this.#client;
    if (isCluster(client)) return client.sendCommand(key, false, args);
    return isSentinel(client) ? client.sendCommand(false, args) : client.sendCommand(args);
  }

  async subscribe(channel: string, onMessage: Listener): Promise<() => void> {
    const subscriber = await this.#open();
    await subscriber.subscribe(channel, onMessage);
    return () => this.#end(subscriber);
  }

  async duplicate(): Promise<RedisClient> {
    return new NodeRedis(await this.#open(), this.#onError, true);
  }

  close(): void {
    for (const client of this.#opened) this.#end(client);
  }

  async #open(): Promise<AnyClient> {
    const client = this.#client.duplicate({});
    // Without a listener an error of the connection would end the process.
    client.on('error', this.#onError);
    this.#opened.add(client);
    await client.connect();
    return client;
  }

  #end(client: { destroy(): void }): void {
    this.#opened.delete(client);
    try {
      client.destroy();
    } catch {
      // A client that is not connected cannot be destroyed, and need not be.
    }
  }
}
