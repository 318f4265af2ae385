import { setTimeout as sleep } from 'node:timers/promises';
import { ShardError } from '../../util/errors.js';
import { within } from '../../util/within.js';
import type { RedisClient } from '../redis/redisClient.js';
import { readMessage, type Message } from './messages.js';

export interface InboxDeps {
  /** A connection of its own, which ends with the inbox: the reading blocks it. */
  readonly client: RedisClient;
  readonly key: string;
  readonly onMessage: (message: Message) => void;
}

/** Time that Redis waits for a message, in seconds. */
const BLOCK_S = 10;

/** Time in which a reading is answered. A connection that is silent for longer has died unseen. */
const READ_LIMIT_MS = BLOCK_S * 1_000 + 3_000;
const RETRY_MS = 250;

/** Reads the messages to this worker, through outages of Redis, until it is stopped. */
export class Inbox {
  readonly #deps: InboxDeps;
  #client: RedisClient;
  #isStopped = false;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
    this.#client = deps.client;
    void this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#client.close();
  }

  async #read(): Promise<void> {
    const { key, onMessage } = this.#deps;
    while (!this.#isStopped) {
      const text = await this.#next(key);
      const message = text === null || this.#isStopped ? null : readMessage(text);
      if (message !== null) onMessage(message);
    }
  }

  /** The next text; null where there is none yet, or Redis is away. */
  async #next(key: string): Promise<string | null> {
    try {
      const reading = this.#client.command(key, ['BLPOP', key, String(BLOCK_S)]);
      const answer = (await within(READ_LIMIT_MS, reading)) as readonly unknown[] | null;
      return answer === null ? null : String(answer[1]);
    } catch (error) {
      if (this.#isStopped) return null;
      if (error instanceof ShardError && error.code === 'TIMED_OUT') this.#connectAgain();
      else await sleep(RETRY_MS, undefined, { ref: false });
      return null;
    }
  }

  #connectAgain(): void {
    const dead = this.#client;
    this.#client = dead.duplicate(() => {});
    dead.close();
  }
}
