import type { GuardedLogger } from '../../util/logger.js';
import { ShardError } from '../../util/errors.js';
import type { ResolvedFleetOptions } from '../fleetOptions.js';
import { IdentifyQueue } from '../identify/identifyQueue.js';
import { windowOf } from '../identify/redisIdentifyLimiter.js';
import { keysOf, type FleetKeys } from '../keys.js';
import { Lease } from '../lease/lease.js';
import { openRedis } from '../redis/openRedis.js';
import type { RedisClient } from '../redis/redisClient.js';
import { Scripts } from '../redis/script.js';

import { Inbox } from '../commands/inbox.js';
import type { Message } from '../commands/messages.js';

interface Opened {
  readonly client: RedisClient;
  readonly scripts: Scripts;
  readonly lease: Lease;
  readonly queue: IdentifyQueue;
  readonly inbox: Inbox;
}

export interface RedisPartsDeps {
  readonly instance: string;
  readonly logger: GuardedLogger;
  /** A message of another worker. */
  readonly onMessage: (message: Message) => void;
}

/** The worker's connection to Redis, and what talks over it. Opened by the first connect(), and not before. */
export class RedisParts {
  readonly keys: FleetKeys;
  readonly #options: ResolvedFleetOptions;
  readonly #deps: RedisPartsDeps;
  #opened: Opened | null = null;

  constructor(options: ResolvedFleetOptions, deps: RedisPartsDeps) {
    this.keys = keysOf(options.name);
    this.#options = options;
    this.#deps = deps;
  }

  get isOpen(): boolean {
    return this.#opened !== null;
  }

  get client(): RedisClient {
    return this.#parts.client;
  }

  get scripts(): Scripts {
    return this.#parts.scripts;
  }

  get lease(): Lease {
    return this.#parts.lease;
  }

  get queue(): IdentifyQueue {
    return this.#parts.queue;
  }

  async open(): Promise<void> {
    if (this.#opened !== null) return;
    const { redis, worker, ttlMs, manager } = this.#options;
    const { instance, logger, onMessage } = this.#deps;
    const onError = (message: string) => logger.announce(message);
    const client = await openRedis(redis, onError);
    const scripts = new Scripts(client);
    const { keys } = this;
    this.#opened = {
      client,
      scripts,
      // A beat that is answered later than the lease lasts is worth nothing.
      lease: new Lease({ scripts: new Scripts(client, ttlMs), keys, worker, instance, ttlMs }),
      queue: new IdentifyQueue({
        scripts: Promise.resolve(scripts),
        keys: keys.identify,
        instance,
        maxConcurrency: 1,
        windowMs: windowOf(manager.identifyWindow),
        reserve: manager.reserve,
        onError,
      }),
      inbox: new Inbox({ client: client.duplicate(() => {}), key: keys.inbox(worker), onMessage }),
    };
  }

  /** Warns where the server may evict the fleet's keys. A server that does not tell, as ACLs may have it, is trusted. */
  async checkEviction(): Promise<void> {
    const setting = async (name: string) => {
      const answer = await this.client.command(this.keys.fleet, ['CONFIG', 'GET', name]);
      const flat = Array.isArray(answer) ? answer : Object.values(answer as object);
      return String(flat.at(-1) ?? '');
    };
    try {
      const [policy, most] = [await setting('maxmemory-policy'), await setting('maxmemory')];
      if (policy === 'noeviction' || policy === '' || most === '0') return;
      this.#deps.logger.announce(
        `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): it may forget whose a shard is. Set it to noeviction.`,
      );
    } catch {
      // Not allowed to ask.
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    opened?.inbox.stop();
    await opened?.queue.close();
    opened?.client.close();
  }

  get #parts(): Opened {
    if (this.#opened === null)
      throw new ShardError('NOT_CONNECTED', 'The worker is not in the fleet. Call connect() first.');
    return this.#opened;
  }
}
