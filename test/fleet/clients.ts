import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface NodeRedis {
  connect(): Promise<NodeRedis>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  destroy(): void;
  on(name: 'error', listener: () => void): void;
}

interface IoRedis {
  call(command: string, ...args: never[]): Promise<unknown>;
  duplicate(): IoRedis;
  ping(): Promise<string>;
  disconnect(): void;
}

/** The two clients of Redis, loaded by name as the package loads them: types of theirs are nowhere in it. */
export const createClient = (options: { url: string }): NodeRedis =>
  (require('redis') as { createClient: (options: object) => NodeRedis }).createClient(options);

export const createIoRedis = (url: string): IoRedis =>
  new (require('ioredis') as { Redis: new (url: string) => IoRedis }).Redis(url);
