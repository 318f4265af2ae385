import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { AsyncQueue } from '../../util/asyncQueue.js';
import type { RedisClient } from '../redis/redisClient.js';
import { shardOfKey, type ShardKey } from '../shardKey.js';
import type { FleetEvent } from './consumeFleet.js';
import type { Delivery } from './deliveries.js';
import type { GroupMember } from './groupMember.js';
import { GroupReader, type GroupReaderDeps } from './groupReader.js';

export interface ConsumerDeps extends Pick<GroupReaderDeps, 'keys' | 'group' | 'consumer' | 'idleMs'> {
  readonly opened: Promise<{ readonly client: RedisClient; readonly member: GroupMember }>;
  /** Types that are handed out; null for all. */
  readonly events: ReadonlySet<string> | null;
  readonly signal: AbortSignal | undefined;
}

interface Item {
  readonly delivery: Delivery;
  readonly event: FleetEvent;
}

/** Hands out the events that its reader has read. It ends with the loop, the signal, or a Redis that cannot be opened. */
export class Consumer implements AsyncIterableIterator<FleetEvent, undefined>, AsyncDisposable {
  readonly #deps: ConsumerDeps;
  readonly #queue: AsyncQueue<Item>;
  readonly #ended = new AbortController();
  readonly #done: Promise<void>;

  constructor(deps: ConsumerDeps) {
    this.#deps = deps;
    const { signal } = deps;
    const aborted = () => this.#queue.abort(signal?.reason);
    this.#queue = new AsyncQueue({
      // The reader reads no more than a number of events that are not acknowledged.
      max: Infinity,
      overflowed: null,
      closed: () => {
        signal?.removeEventListener('abort', aborted);
        this.#ended.abort();
      },
    });
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted === true) aborted();
    this.#done = this.#run().catch((error: unknown) => this.#queue.fail(error));
  }

  async next(): Promise<IteratorResult<FleetEvent, undefined>> {
    for (;;) {
      const result = await this.#queue.next();
      if (result.done === true) return result;
      const { delivery, event } = result.value;
      // Another consumer has the stream since this was read.
      if (delivery.state !== 'waiting') continue;
      delivery.state = 'handedOut';
      return { done: false, value: event };
    }
  }

  /** Resolves when the streams are free for other consumers. */
  async return(): Promise<IteratorResult<FleetEvent, undefined>> {
    await this.#queue.return();
    await this.#done;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #run(): Promise<void> {
    const { opened, keys, group, consumer, idleMs } = this.#deps;
    const { client, member } = await opened;
    const ended = this.#ended.signal;
    const onDelivery = (key: ShardKey, delivery: Delivery) => this.#onDelivery(reader, key, delivery);
    const reader = new GroupReader({ client, member, keys, group, consumer, idleMs, ended, onDelivery });
    await reader.run();
    client.close();
  }

  #onDelivery(reader: GroupReader, key: ShardKey, delivery: Delivery): void {
    const { text, mark, sequence } = delivery.entry;
    const payload = payloadOf(text);
    if (payload === null || this.#deps.events?.has(payload.t) === false) {
      delivery.state = 'acknowledged';
      return;
    }
    const ack = () => reader.acknowledge(delivery);
    const event = { shardId: shardOfKey(key).id, payload, raw: text, session: mark, sequence, ack };
    this.#queue.push({ delivery, event });
  }
}

/** The event; null for a text that is none: anyone who can write to Redis could have put it there. */
function payloadOf(text: string): GatewayDispatchPayload | null {
  try {
    const payload = JSON.parse(text) as GatewayDispatchPayload | null;
    return typeof payload?.t === 'string' ? payload : null;
  } catch {
    return null;
  }
}
