import { createShardManager, ShardError, type SendPayload, type ShardManager } from '../index.js';
import { EventForwarder } from './eventForwarder.js';
import { checkStrategyOptions, managerOptionsOf, type ShardchartStrategyOptions } from './options.js';
import { statusOf, StatusCollection } from './status.js';
import type { StrategyManager } from './strategyManager.js';

/**
 * A type that every `Collection` takes: the class is another one in each version of \@discordjs/ws, and a map of ours is none
 * of them to TypeScript.
 */
type AnyCollection = ReturnType<typeof JSON.parse>;

/** A sharding strategy of \@discordjs/ws 1, 2 and 3 whose shards are those of a {@link ShardManager}. */
export interface ShardchartStrategy {
  /** Makes the manager of these shards. Connects nothing. */
  spawn(shardIds: readonly number[]): Promise<void>;
  /**
   * Connects the shards. Resolves when all are Connected.
   * @throws what `manager.connect` throws; ShardError `CLOSED` where there are no shards, or `destroy` was called
   */
  connect(): Promise<void>;
  /** Shuts the shards down, also those that are being made or connect. Codes other than 1000 and 1001 keep the sessions. */
  destroy(options?: { code?: number; reason?: string }): Promise<void>;
  /**
   * Sends a payload. A rejection that stays unhandled does not end the process: `debug` says why it was not sent.
   * @throws RangeError for a shard that does not run here; what `manager.send` throws
   */
  send(shardId: number, payload: SendPayload): Promise<void>;
  /** The `WebSocketShardStatus` of each shard. */
  fetchStatus(): Promise<AnyCollection>;
}

/** The shards from one `spawn` on. */
interface Spawned {
  readonly ids: readonly number[];
  readonly shards: ShardManager;
  readonly forwarder: EventForwarder;
}

class Strategy implements ShardchartStrategy {
  readonly #manager: StrategyManager;
  readonly #options: ShardchartStrategyOptions;
  #spawned: Spawned | null = null;
  /** Aborts the `spawn` under way; null before the first one. */
  #spawning: AbortController | null = null;

  constructor(manager: StrategyManager, options: ShardchartStrategyOptions) {
    this.#manager = manager;
    this.#options = options;
  }

  async spawn(shardIds: readonly number[]): Promise<void> {
    const isAgain = this.#spawning !== null;
    await this.destroy({ reason: 'other shards are spawned' });
    const { signal } = (this.#spawning = new AbortController());
    const ids = [...shardIds];
    const options = await managerOptionsOf({ manager: this.#manager, given: this.#options, ids, isAgain });
    signal.throwIfAborted();
    const shards = createShardManager(options);
    const forwarder = new EventForwarder(shards, this.#manager, this.#options.logger);
    this.#spawned = { ids, shards, forwarder };
    try {
      this.#options.onManager?.(shards);
    } catch (error) {
      await this.destroy();
      throw error;
    }
  }

  async connect(): Promise<void> {
    if (this.#spawned === null) throw closed();
    await this.#spawned.shards.connect();
  }

  async destroy({ code = 1000, reason = 'destroy requested' }: { code?: number; reason?: string } = {}): Promise<void> {
    const spawned = this.#spawned;
    this.#spawned = null;
    this.#spawning?.abort(closed());
    await spawned?.shards.shutdown({ code, reason });
  }

  send(shardId: number, payload: SendPayload): Promise<void> {
    const spawned = this.#spawned;
    const sent =
      spawned?.ids.includes(shardId) === true
        ? // An op that is newer than this package is the bot's business.
          spawned.shards.send(shardId, payload, { unchecked: true })
        : Promise.reject<void>(new RangeError(`Shard ${shardId} not found`));
    // discord.js awaits no send: without a handler a rejection would end the process.
    sent.catch((error: Error) => spawned?.forwarder.debug(`op ${payload.op} was not sent: ${error.message}`, shardId));
    return sent;
  }

  fetchStatus(): Promise<AnyCollection> {
    const { ids = [], shards } = this.#spawned ?? {};
    const entries = ids.map((id) => [id, statusOf(shards?.shards.get(id)?.state ?? 'Offline')] as const);
    return Promise.resolve(new StatusCollection(entries));
  }
}

const closed = () => new ShardError('CLOSED', 'The shards were destroyed. Connect the WebSocketManager again.');

/**
 * Puts shards of shardchart under discord.js 14 and 15, or under \@discordjs/ws 1, 2 and 3:
 * `new Client({ intents, ws: { buildStrategy: shardchartStrategy() } })`.
 *
 * See [Discord Docs/Gateway](https://docs.discord.com/developers/events/gateway).
 * @throws ShardError `INVALID_OPTION` for an option that does not exist; those of shards are checked at login
 */
export function shardchartStrategy(
  options: ShardchartStrategyOptions = {},
): (manager: StrategyManager) => ShardchartStrategy {
  checkStrategyOptions(options);
  return (manager) => new Strategy(manager, options);
}
