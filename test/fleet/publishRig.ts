import { keysOf } from '../../src/fleet/keys.js';
import { markOfSession } from '../../src/fleet/markOfSession.js';
import { ShardPublisher, type SequenceGap, type ShardPublisherDeps } from '../../src/fleet/publish/shardPublisher.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import type { RedisClient, RedisTarget } from '../../src/fleet/redis/redisClient.js';
import { Scripts } from '../../src/fleet/redis/script.js';
import type { RedisServer } from './redisRig.js';

export const SHARD = '1:0';
const OWNER = 'w-1/abc';

/** A frame as the gateway writes it. */
export const frame = (sequence: number, t = 'MESSAGE_CREATE', d: unknown = { content: `${sequence}` }) =>
  JSON.stringify({ t, s: sequence, op: 0, d });

export const session = (id: string, sequence: number) => ({ id, sequence, resumeUrl: null });

/** What publishers of one shard have put into Redis. */
export class PublishRig {
  readonly #redis: RedisServer;
  readonly #keys;

  constructor(redis: RedisServer, name: string) {
    this.#redis = redis;
    this.#keys = keysOf(name);
  }

  /** Makes this the owner's epoch. */
  async own(epoch: number, owner = OWNER): Promise<void> {
    await this.#redis.command('HSET', this.#keys.owners, SHARD, `${owner} ${epoch}`);
  }

  async position(): Promise<string | null> {
    return (await this.#redis.command('HGET', this.#keys.positions, SHARD)) as string | null;
  }

  async stream(): Promise<{ id: string; text: string; mark: string }[]> {
    const entries = (await this.#redis.command('XRANGE', this.#keys.stream(SHARD), '-', '+')) as [string, string[]][];
    return entries.map(([id, [, text = '', , mark = '']]) => ({ id, text, mark }));
  }

  async ids(): Promise<string[]> {
    return (await this.stream()).map(({ id }) => id);
  }

  async publisher(
    options: Partial<Pick<ShardPublisherDeps, 'epoch' | 'limits' | 'owner' | 'maxLength'>> & {
      redis?: RedisTarget;
      client?: RedisClient;
      answerLimitMs?: number;
    } = {},
  ): Promise<TestPublisher> {
    const { redis = this.#redis.url, answerLimitMs = 1_000, client: given, ...others } = options;
    const client = given ?? (await openRedis(redis, () => {}));
    return new TestPublisher(
      {
        scripts: new Scripts(client, answerLimitMs),
        keys: this.#keys,
        key: SHARD,
        owner: OWNER,
        epoch: () => 1,
        maxLength: 100_000,
        ...others,
      },
      () => client.close(),
    );
  }
}

type Calls = 'onFenced' | 'onHole' | 'onGap' | 'logger';

/** A publisher whose calls are recorded. */
export class TestPublisher extends ShardPublisher implements AsyncDisposable {
  readonly gaps: SequenceGap[];
  readonly warnings: string[];
  readonly calls: { fenced: number; holes: number };
  readonly #close: () => void;

  constructor(deps: Omit<ShardPublisherDeps, Calls>, close: () => void) {
    const gaps: SequenceGap[] = [];
    const warnings: string[] = [];
    const calls = { fenced: 0, holes: 0 };
    super({
      ...deps,
      onFenced: () => void (calls.fenced += 1),
      onHole: () => void (calls.holes += 1),
      onGap: (gap) => void gaps.push(gap),
      logger: { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} },
    });
    this.gaps = gaps;
    this.warnings = warnings;
    this.calls = calls;
    this.#close = close;
  }

  /** READY and what follows it, up to `last`. */
  begin(id: string, last: number): void {
    this.take(frame(1, 'READY', { session_id: id }));
    this.onReady(id);
    this.takeRange(2, last);
  }

  takeRange(from: number, to: number): void {
    for (let sequence = from; sequence <= to; sequence += 1) this.take(frame(sequence));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    this.#close();
    return Promise.resolve();
  }
}

export const mark = markOfSession;

/** Ids of a generation's entries. */
export const idsOf = (generation: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${generation}-${from + index}`);
