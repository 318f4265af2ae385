/** An argument of a Redis command. */
export type RedisArgument = string | Buffer;

/** The part of a Redis client that the fleet uses. node-redis and ioredis, with or without Cluster or Sentinel, fit it. */
export interface RedisClient {
  /** Sends a command to the node that holds `key`, and resolves with the answer. Rejects with the error of the server or the connection. */
  command(key: string, args: readonly RedisArgument[]): Promise<unknown>;
  /**
   * Opens a connection of its own, with the same options: for commands that block. It ends with `close`.
   * @throws ShardError `INVALID_OPTION` for a Sentinel client of node-redis
   */
  duplicate(onError: OnRedisError): RedisClient;
  /** Ends the connection that was opened here. A client that was passed in stays as it is. */
  close(): void;
}

/** A client of `redis` or `@redis/client`: single, cluster or sentinel. Only the methods that are used. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>;
  duplicate?(...args: never[]): unknown;
}

/** A client of `ioredis`: single, cluster or sentinel. Only the methods that are used. */
export interface IoRedisClient {
  call(command: string, ...args: never[]): Promise<unknown>;
  duplicate(...args: never[]): unknown;
}

/** A Redis server: its URL (`redis://`, `rediss://`, `unix://`), or a connected client of `redis`, `@redis/client` or `ioredis`. */
export type RedisTarget = string | NodeRedisClient | IoRedisClient;

/** Receives what a connection that was opened here reports; it reconnects by itself. */
export type OnRedisError = (error: unknown) => void;
