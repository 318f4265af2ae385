import { within } from '../../util/within.js';
import type { FleetKeys } from '../keys.js';
import type { RedisClient } from '../redis/redisClient.js';
import type { ShardKey } from '../shardKey.js';
import type { Deliveries } from './deliveries.js';
import { pause } from './pause.js';

export interface AcknowledgerDeps {
  readonly client: RedisClient;
  readonly keys: FleetKeys;
  readonly group: string;
  readonly ended: AbortSignal;
  readonly streams: ReadonlyMap<ShardKey, { readonly deliveries: Deliveries }>;
}

const ANSWER_MS = 3_000;
const RETRY_MS = 250;

/** Sends acknowledgements to Redis: those that came while others were under way go together, in one command a stream. */
export class Acknowledger {
  readonly #deps: AcknowledgerDeps;
  #sending: Promise<void> | null = null;
  /** Something was acknowledged since the last look at the streams. */
  #isDue = false;

  constructor(deps: AcknowledgerDeps) {
    this.#deps = deps;
  }

  /** Sends what is acknowledged until Redis has all of it. */
  send(): void {
    this.#isDue = true;
    this.#sending ??= this.#run();
  }

  /** Sends what is left, once. */
  async finish(): Promise<void> {
    await this.#sending;
    this.send();
    await this.#sending;
  }

  async #run(): Promise<void> {
    while (this.#isDue) {
      // Acknowledgements of one turn go together.
      await Promise.resolve();
      this.#isDue = false;
      try {
        await this.#sendAll();
      } catch {
        this.#isDue = true;
        if (this.#deps.ended.aborted) break;
        await pause(RETRY_MS, this.#deps.ended);
      }
    }
    this.#sending = null;
  }

  async #sendAll(): Promise<void> {
    const { client, keys, group, streams } = this.#deps;
    for (const [key, { deliveries }] of streams) {
      const batch = deliveries.acknowledged().map((delivery) => ({ delivery, id: delivery.entry.id }));
      if (batch.length === 0) continue;
      const name = keys.stream(key);
      await within(ANSWER_MS, client.command(name, ['XACK', name, group, ...batch.map(({ id }) => id)]));
      for (const { delivery, id } of batch) deliveries.onConfirmed(delivery, id);
    }
  }
}
