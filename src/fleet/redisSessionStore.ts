import { isIdentifyRecord, type IdentifyRecord } from '../protocol/identifyRecord.js';
import { isSession, type Session, type StoredSession } from '../protocol/session.js';
import type { SessionStore } from '../sessions/sessionStore.js';
import { handled } from '../util/handled.js';
import { warn } from '../util/logger.js';
import { checkNames, namesOf, whole } from '../util/options.js';
import { checkFleetName, keysOf } from './keys.js';
import { checkRedis, openRedis } from './redis/openRedis.js';
import type { RedisClient, RedisTarget } from './redis/redisClient.js';
import { script, Scripts, type Script } from './redis/script.js';

/** Options of {@link createRedisSessionStore}. */
export interface RedisSessionStoreOptions {
  /** A URL (`redis://`, `rediss://`, `unix://`), or a connected client of `redis`, `@redis/client` or `ioredis`. */
  redis: RedisTarget;
  /** Name of the bot. Every key in Redis begins with it. */
  name: string;
  /** Milliseconds between two saves of a shard's sequence while dispatches come. Default 1 000. */
  sequenceInterval?: number;
  /** Receives what the connection reports, once an outage. Default: a warning of the process. */
  onError?: (message: string) => void;
}

/** A session store in Redis. Created by {@link createRedisSessionStore}. */
export interface RedisSessionStore extends SessionStore, AsyncDisposable {
  readonly sequenceInterval: number;
  get(shardId: number): Promise<Session | null>;
  set(shardId: number, session: Session): Promise<void>;
  delete(shardId: number): Promise<void>;
  setTotal(total: number): Promise<void>;
  getIdentifies(): Promise<IdentifyRecord | null>;
  setIdentifies(record: IdentifyRecord): Promise<void>;
  /** Ends the connection that was opened for a URL. */
  close(): Promise<void>;
}

const OPTIONS = namesOf<RedisSessionStoreOptions>()({ redis: true, name: true, sequenceInterval: true, onError: true });

/*
 * KEYS[1] is a hash: shard id, or "TOTAL/SHARD" once the total is known, -> the session as JSON; "identifies" -> the record.
 * Each script reads or writes one field, so that running it twice changes nothing more.
 */

/** ARGV: field. Answers its text, or nothing. */
const getScript = script(`return redis.call('HGET', KEYS[1], ARGV[1])`);

/** ARGV: field, text. Guarantees: of two writes the later one stands. */
const setScript = script(`redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return 1`);

/** ARGV: field. */
const deleteScript = script(`redis.call('HDEL', KEYS[1], ARGV[1]) return 1`);

/**
 * Creates a session store in Redis: a shard that a later process runs, on this machine or another, resumes. It suits a manager
 * a process with fixed `ids`; a shard must run in one process at a time.
 *
 * Session ids and resume URLs are in Redis: a reader who has the bot's token too can take the sessions over. Use `rediss://`
 * and an ACL user that may touch keys of this name only.
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 * @throws ShardError `INVALID_OPTION`
 */
export function createRedisSessionStore(options: RedisSessionStoreOptions): RedisSessionStore {
  return new Store(options);
}

class Store implements RedisSessionStore {
  readonly sequenceInterval: number;
  readonly #client: Promise<RedisClient>;
  readonly #scripts: Promise<Scripts>;
  readonly #key: string;
  /** Sessions of another total belong to other guilds. Null until it is known: it is not checked then. */
  #total: number | null = null;

  constructor(options: RedisSessionStoreOptions) {
    checkNames('createRedisSessionStore', options, OPTIONS);
    const { redis, name, sequenceInterval = 1_000 } = options;
    const { onError = warn } = options;
    checkRedis(redis);
    checkFleetName(name);
    whole('sequenceInterval', sequenceInterval, { min: 1, meaning: 'in milliseconds' });
    this.sequenceInterval = sequenceInterval;
    this.#key = keysOf(name).sessions;
    this.#client = openRedis(redis, onError);
    this.#scripts = handled(this.#client.then((client) => new Scripts(client)));
  }

  async get(shardId: number): Promise<Session | null> {
    const text = await this.#run(getScript, [this.#field(shardId)]);
    const session: unknown = text === null ? null : JSON.parse(String(text));
    return isSession(session) ? session : null;
  }

  async set(shardId: number, { id, sequence, resumeUrl, identifiedAs }: StoredSession): Promise<void> {
    await this.#run(setScript, [this.#field(shardId), JSON.stringify({ id, sequence, resumeUrl, identifiedAs })]);
  }

  async delete(shardId: number): Promise<void> {
    await this.#run(deleteScript, [this.#field(shardId)]);
  }

  setTotal(total: number): Promise<void> {
    this.#total = total;
    return Promise.resolve();
  }

  async getIdentifies(): Promise<IdentifyRecord | null> {
    const text = await this.#run(getScript, ['identifies']);
    const record: unknown = text === null ? null : JSON.parse(String(text));
    return isIdentifyRecord(record) ? record : null;
  }

  async setIdentifies(record: IdentifyRecord): Promise<void> {
    await this.#run(setScript, ['identifies', JSON.stringify(record)]);
  }

  async close(): Promise<void> {
    (await this.#client).close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #field(shardId: number): string {
    return this.#total === null ? String(shardId) : `${this.#total}/${shardId}`;
  }

  async #run(script: Script, args: readonly string[]): Promise<unknown> {
    return (await this.#scripts).run(script, [this.#key], args);
  }
}
