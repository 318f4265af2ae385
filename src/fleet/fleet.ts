import { inspect } from 'node:util';
import type { Actor } from 'xstate';
import type { workerMachine } from '../../machines/worker.js';
import { ManagerListeners } from '../manager/managerListeners.js';
import { shardIdFor, isSnowflake } from '../protocol/sharding.js';
import { PromiseGuard } from '../shard/promiseGuard.js';
import type { ShardEvents } from '../shard/events.js';
import type { Shard } from '../shard/shard.js';
import { Emitter } from '../util/emitter.js';
import { GuardedLogger } from '../util/logger.js';
import { refuse } from '../util/options.js';
import { checkFleetListener, isOwnershipEvent, type FleetWorkerEvents } from './events.js';
import { resolveFleetOptions, type FleetOptions, type ResolvedFleetOptions } from './fleetOptions.js';
import { Calls } from './worker/calls.js';
import { Worker } from './worker/worker.js';
import { stateOf, type WorkerState } from './worker/workerState.js';

/**
 * One worker of a bot that runs over many processes and machines. Created by {@link createFleet}; the chart `workerMachine`
 * decides what it does, Redis which shards are whose.
 */
export class Fleet extends ManagerListeners<FleetWorkerEvents> implements AsyncDisposable {
  /** Name of this worker. */
  readonly worker: string;
  readonly #options: ResolvedFleetOptions;
  readonly #guard: PromiseGuard;
  readonly #worker: Worker;
  readonly #calls: Calls;
  #shutdown: Promise<void> | null = null;

  constructor(options: FleetOptions) {
    const resolved = resolveFleetOptions(options);
    const { token, logger: given } = resolved.manager;
    const logger = new GuardedLogger(`worker ${resolved.worker}`, { token, logger: given });
    const emitter = new Emitter<FleetWorkerEvents>((event, error) =>
      logger.failure(`a listener of "${event}" failed`, error, { event }),
    );
    const guard = new PromiseGuard(token, logger);
    const worker = new Worker(resolved, { emitter, logger });
    const watch = (event: keyof ShardEvents) => (isOwnershipEvent(event) ? undefined : worker.relay.watch(event));
    super(emitter, watch, guard, checkFleetListener);
    this.worker = resolved.worker;
    this.#options = resolved;
    this.#guard = guard;
    this.#worker = worker;
    this.#calls = new Calls(worker, logger);
    let { state } = this;
    worker.actor.subscribe(() => {
      if (this.state !== state) logger.info(`${state} -> ${this.state}`);
      state = this.state;
    });
    worker.actor.start();
  }

  /** The XState actor of the worker: `subscribe`, `getSnapshot`, `system`. */
  get actor(): Actor<typeof workerMachine> {
    return this.#worker.actor;
  }

  get state(): WorkerState {
    return stateOf(this.actor.getSnapshot());
  }

  /** Number of shards the bot has; 0 until it is known. */
  get total(): number {
    const { total } = this.#options.manager;
    return this.#worker.layouts.total || (total === 'auto' ? 0 : total);
  }

  /** Ids of the shards that run here. */
  get ids(): readonly number[] {
    return [...this.shards.keys()];
  }

  /** The shards that run here, by id. */
  get shards(): ReadonlyMap<number, Shard> {
    return this.#worker.inService;
  }

  /**
   * Joins the fleet. Resolves when this worker's share of the shards is Connected, at once for a standby. Shards that another
   * worker has given up, or that died with it, resume here.
   * @throws ShardError `FLEET_TOTAL` where the fleet has another total, `WORKER_TAKEN`, `CLOSED`, `BUSY`; what
   * `fetchGatewayInfo` throws; FatalShardError of a shard that the gateway refuses
   */
  connect(): Promise<void> {
    return this.#guard.run(() => this.#calls.connect());
  }

  /**
   * Gives all shards away, so that other workers resume them, and stays in the fleet as a standby until `connect()`.
   * @throws ShardError `BUSY`, `CLOSED`
   */
  drain(): Promise<void> {
    return this.#guard.run(() => this.#calls.drain());
  }

  /** Gives all shards away, leaves the fleet, and leaves nothing running. */
  shutdown(): Promise<void> {
    return this.#guard.run(() => (this.#shutdown ??= this.#shutDown()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * The shard a guild belongs to, where it runs here; undefined where another worker runs it.
   *
   * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
   * @throws ShardError `INVALID_OPTION` when the guild id is not a string of digits
   */
  shardFor(guildId: string): Shard | undefined {
    this.#guard.check(
      () => isSnowflake(guildId) || refuse('guildId', guildId, 'the id of a guild: a string of digits'),
    );
    return this.total === 0 ? undefined : this.shards.get(shardIdFor(guildId, this.total));
  }

  /** Shows the worker in one line, for `console.log`. */
  [inspect.custom](): string {
    const { worker, state, total, ids } = this;
    return `Fleet ${inspect({ worker, state, total, ids }, { breakLength: Infinity })}`;
  }

  async #shutDown(): Promise<void> {
    await this.#calls.shutdown();
    await this.#worker.redis.close();
  }
}

/**
 * Creates a worker of the fleet. It connects nothing until `connect()`.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`
 */
export function createFleet(options: FleetOptions): Fleet {
  return new Fleet(options);
}
