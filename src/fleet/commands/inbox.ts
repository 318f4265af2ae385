import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../redis/redisClient.js';
import { readMessage, type Message } from './messages.js';

export interface InboxDeps {
  /** A connection of its own: the reading blocks it. */
  readonly client: RedisClient;
  readonly key: string;
  readonly onMessage: (message: Message) => void;
}

/** Longest time of one reading, in seconds: a connection that has died unseen is found after it. */
const BLOCK_S = 10;
const RETRY_MS = 250;

/** Reads the messages to this worker, through outages of Redis, until it is stopped. */
export class Inbox {
  readonly #deps: InboxDeps;
  #isStopped = false;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
    void this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#deps.client.close();
  }

  async #read(): Promise<void> {
    const { client, key, onMessage } = this.#deps;
    while (!this.#isStopped) {
      try {
        const answer = (await client.command(key, ['BLPOP', key, String(BLOCK_S)])) as readonly unknown[] | null;
        const message = answer === null || this.#isStopped ? null : readMessage(String(answer[1]));
        if (message !== null) onMessage(message);
      } catch {
        if (!this.#isStopped) await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}
