import {
  consumeFleet,
  type ConsumeFleetOptions,
  type FleetEvent,
  type FleetEventStream,
} from '../../src/fleet/index.js';
import { keysOf } from '../../src/fleet/keys.js';
import type { RedisServer } from './redisRig.js';

/** A fleet without workers: a test writes its streams by hand, as the publisher would. */
export class StreamRig {
  readonly #redis: RedisServer;
  readonly #name: string;
  readonly #keys;

  constructor(redis: RedisServer, name: string) {
    this.#redis = redis;
    this.#name = name;
    this.#keys = keysOf(name);
  }

  async layout(layout: number, total: number, next?: { layout: number; total: number }): Promise<void> {
    await this.#redis.command('HSET', this.#keys.fleet, 'layout', String(layout), 'total', String(total));
    await this.#redis.command('HDEL', this.#keys.fleet, 'nextLayout', 'nextTotal');
    if (next === undefined) return;
    const fields = ['nextLayout', String(next.layout), 'nextTotal', String(next.total)];
    await this.#redis.command('HSET', this.#keys.fleet, ...fields);
  }

  /** Publishes the events `from` to `to` of a shard. */
  async publish(key: string, from: number, to = from, { generation = 1, type = 'MESSAGE_CREATE' } = {}): Promise<void> {
    for (let sequence = from; sequence <= to; sequence += 1) {
      const text = JSON.stringify({ t: type, s: sequence, op: 0, d: { content: `${key}/${sequence}` } });
      const fields = ['p', text, 'm', `mark-${generation}`];
      await this.#redis.command('XADD', this.#keys.stream(key), `${generation}-${sequence}`, ...fields);
    }
  }

  async own(key: string, isOwned: boolean): Promise<void> {
    await this.#redis.command(isOwned ? 'HSET' : 'HDEL', this.#keys.owners, key, ...(isOwned ? ['w-1/abc 1'] : []));
  }

  /** Number of events that were delivered and not acknowledged. */
  async pending(key: string, group = 'web'): Promise<number> {
    const [count] = (await this.#redis.command('XPENDING', this.#keys.stream(key), group)) as [number];
    return count;
  }

  /** Id of the last event that was delivered to the group `web`. */
  async delivered(key: string): Promise<string | undefined> {
    const groups = (await this.#redis.command('XINFO', 'GROUPS', this.#keys.stream(key))) as readonly string[][];
    const [fields = []] = groups;
    return fields[fields.indexOf('last-delivered-id') + 1];
  }

  /** ShardKeys by the consumer that reads them. */
  async readers(group = 'web'): Promise<Record<string, string[]>> {
    const rows = (await this.#redis.command('HGETALL', this.#keys.group(group))) as unknown;
    const found: Record<string, string[]> = {};
    const entries = Array.isArray(rows)
      ? rows.flatMap((name: string, at) => (at % 2 === 0 ? [[name, String(rows[at + 1])] as const] : []))
      : Object.entries(rows as Record<string, string>);
    for (const [key, member] of entries) {
      if (key === 'layouts') continue;
      (found[member.split('/')[0] ?? ''] ??= []).push(key);
    }
    return found;
  }

  /** True once this consumer's group is in Redis. */
  async isJoined(group = 'web'): Promise<boolean> {
    return (await this.#redis.command('EXISTS', this.#keys.group(group))) === 1;
  }

  consume(consumer: string, options: Partial<ConsumeFleetOptions> = {}): TestConsumer {
    const { group = 'web' } = options;
    return new TestConsumer(
      consumeFleet({
        redis: this.#redis.url,
        name: this.#name,
        group,
        consumer,
        idle: 2_000,
        onError() {},
        ...options,
      }),
    );
  }
}

/** A consumer whose events are recorded, and acknowledged unless a test says otherwise. */
export class TestConsumer implements AsyncDisposable {
  readonly events: FleetEvent[] = [];
  readonly stream: FleetEventStream;
  acknowledges = true;
  /** Error of the loop. */
  error: unknown = null;
  readonly ended: Promise<void>;

  constructor(stream: FleetEventStream) {
    this.stream = stream;
    this.ended = this.#loop();
  }

  /** Events as `SHARD/SEQUENCE`. */
  get names(): string[] {
    return this.events.map(({ shardId, sequence }) => `${shardId}/${sequence}`);
  }

  get contents(): string[] {
    return this.events.map(({ payload }) => (payload.d as { content: string }).content);
  }

  async #loop(): Promise<void> {
    try {
      for await (const event of this.stream) {
        this.events.push(event);
        if (this.acknowledges) void event.ack();
      }
    } catch (error) {
      this.error = error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream.return();
  }
}

/** Names of the events `from` to `to` of a shard. */
export const namesOf = (shardId: number, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `${shardId}/${from + at}`);
