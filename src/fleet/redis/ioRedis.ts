import type { OnRedisError, RedisArgument, RedisClient } from './redisClient.js';

/** The methods of ioredis that are used; a cluster has them too. */
interface Client {
  call(command: string, ...args: RedisArgument[]): Promise<unknown>;
  duplicate(): Client;
  subscribe(channel: string): Promise<unknown>;
  on(name: 'error', listener: OnRedisError): unknown;
  on(name: 'message', listener: (channel: string, message: string) => void): unknown;
  disconnect(): void;
}

/** Fits a client of `ioredis`. `isOwn`: it was made here, and ends with `close`. */
export class IoRedis implements RedisClient {
  readonly #client: Client;
  readonly #onError: OnRedisError;
  /** Connections that were opened here. */
  readonly #opened = new Set<Client>();

  constructor(client: object, onError: OnRedisError, isOwn: boolean) {
    this.#client = client as Client;
    this.#onError = onError;
    if (isOwn) this.#opened.add(this.#client);
  }

  /** A cluster finds the node by the keys among the arguments. */
  command(_key: string, [name, ...args]: readonly RedisArgument[]): Promise<unknown> {
    return this.#client.call(String(name), ...args);
  }

  async subscribe(channel: string, onMessage: (message: string) => void): Promise<() => void> {
    const subscriber = this.#open();
    subscriber.on('message', (from, message) => from === channel && onMessage(message));
    await subscriber.subscribe(channel);
    return () => this.#end(subscriber);
  }

  async duplicate(): Promise<RedisClient> {
    return Promise.resolve(new IoRedis(this.#open(), this.#onError, true));
  }

  close(): void {
    for (const client of this.#opened) this.#end(client);
  }

  #open(): Client {
    const client = this.#client.duplicate();
    client.on('error', this.#onError);
    this.#opened.add(client);
    return client;
  }

  #end(client: Client): void {
    this.#opened.delete(client);
    client.disconnect();
  }
}
