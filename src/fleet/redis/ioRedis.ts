import type { OnRedisError, RedisArgument, RedisClient } from './redisClient.js';

/** The methods of ioredis that are used; a cluster has them too. */
interface Client {
  call(command: string, ...args: RedisArgument[]): Promise<unknown>;
  duplicate(): Client;
  on(name: 'error', listener: OnRedisError): unknown;
  disconnect(): void;
}

/** Fits a client of `ioredis`. `isOwn`: it was made here, and ends with `close`. */
export class IoRedis implements RedisClient {
  readonly #client: Client;
  readonly #isOwn: boolean;

  constructor(client: object, isOwn: boolean) {
    this.#client = client as Client;
    this.#isOwn = isOwn;
  }

  /** A cluster finds the node by the keys among the arguments. */
  command(_key: string, [name, ...args]: readonly RedisArgument[]): Promise<unknown> {
    return this.#client.call(String(name), ...args);
  }

  duplicate(onError: OnRedisError): RedisClient {
    const client = this.#client.duplicate();
    client.on('error', onError);
    return new IoRedis(client, true);
  }

  close(): void {
    if (this.#isOwn) this.#client.disconnect();
  }
}
