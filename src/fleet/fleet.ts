import { inspect } from 'node:util';
import type { GatewayRequestGuildMembersData, GatewayVoiceStateUpdateData } from 'discord-api-types/v10';
import type { Actor } from 'xstate';
import type { workerMachine } from '../../machines/worker.js';
import { ManagerListeners } from '../manager/managerListeners.js';
import { shardIdFor, isSnowflake } from '../protocol/sharding.js';
import { checkTotal } from '../manager/options.js';
import type { Presence } from '../shard/presence.js';
import type { GuildMembers } from '../shard/requests/guildMembers.js';
import type { RequestOptions } from '../shard/requests/request.js';
import type { VoiceStateAnswer, VoiceStateOptions } from '../shard/requests/voiceState.js';
import type { SendOptions, SendPayload } from '../shard/sendQueue.js';
import { PromiseGuard } from '../shard/promiseGuard.js';
import type { ShardEvents } from '../shard/events.js';
import type { Shard } from '../shard/shard.js';
import { Emitter } from '../util/emitter.js';
import { ShardError } from '../util/errors.js';
import { GuardedLogger } from '../util/logger.js';
import { checkFlag, refuse, whole } from '../util/options.js';
import { checkFleetListener, isOwnershipEvent, type FleetWorkerEvents } from './events.js';
import { resolveFleetOptions, type FleetOptions, type ResolvedFleetOptions } from './fleetOptions.js';
import type { CommandName, CommandOptions } from './commands/fleetCommands.js';
import { readFleetStatus, type FleetStatus } from './fleetStatus.js';
import { Calls } from './worker/calls.js';
import { Worker } from './worker/worker.js';
import { stateOf, type WorkerState } from './worker/workerState.js';

/** `Omit` for each member of a union. */
type DistributiveOmit<T, Name extends string> = T extends unknown ? Omit<T, Name> : never;

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
    const worker = new Worker(resolved, { emitter, logger, onDrain: () => this.drain() });
    const watch = (event: keyof ShardEvents) => (isOwnershipEvent(event) ? undefined : worker.relay.watch(event));
    super(emitter, watch, guard, checkFleetListener);
    this.worker = resolved.worker;
    this.#options = resolved;
    this.#guard = guard;
    this.#worker = worker;
    this.#calls = new Calls(worker, logger);
    let { state } = this;
    worker.actor.subscribe(() => {
      const before = state;
      state = this.state;
      if (state === before) return;
      logger.info(`${before} -> ${state}`);
      // A start that failed leaves nothing running; the next one connects again.
      if (state === 'Offline') void worker.redis.close();
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
    return this.#run(() => this.#calls.connect());
  }

  /**
   * Gives all shards away, so that other workers resume them, and stays in the fleet as a standby until `connect()`.
   * @throws ShardError `BUSY`, `CLOSED`
   */
  drain(): Promise<void> {
    return this.#run(() => this.#calls.drain());
  }

  /** Gives all shards away, leaves the fleet, and leaves nothing running. */
  shutdown(): Promise<void> {
    return this.#run(() => (this.#shutdown ??= this.#shutDown()));
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

  /**
   * Sends a payload by the shard, at whichever worker it runs. Resolves once it is written to the socket. A shard that moves
   * before that takes it along.
   * @throws ShardError `UNKNOWN_SHARD` where no worker takes the shard within 15 s; `WORKER_LOST` where its worker went, and
   * the payload may have left; `TIMED_OUT` where Redis does not answer, and it may leave later; what `shard.send` throws
   */
  send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#run(() => this.#command(shardId, 'send', payload, options));
  }

  /**
   * Asks for members of a guild, as `shard.requestGuildMembers` does, at whichever worker the guild's shard runs.
   * @throws as `send` and `shard.requestGuildMembers`
   */
  requestGuildMembers(
    guildId: string,
    request: DistributiveOmit<GatewayRequestGuildMembersData, 'guild_id'>,
    options?: RequestOptions,
  ): Promise<GuildMembers> {
    const data = { ...request, guild_id: guildId };
    return this.#run(() => this.#command(this.#shardIdFor(guildId), 'requestGuildMembers', data, options));
  }

  /**
   * Joins, moves, mutes or leaves a voice channel, as `shard.updateVoiceState` does, at whichever worker the guild's shard runs.
   * @throws as `send` and `shard.updateVoiceState`
   */
  updateVoiceState<Server extends boolean = false>(
    update: GatewayVoiceStateUpdateData,
    options?: VoiceStateOptions<Server>,
  ): Promise<VoiceStateAnswer<Server>> {
    return this.#run(() => this.#command(this.#shardIdFor(update.guild_id), 'updateVoiceState', update, options));
  }

  /**
   * Shows the bot as this, by every shard of the fleet. Resolves when all have sent it, rejects with the first error.
   * @throws as `send` and `shard.updatePresence`
   */
  updatePresence(presence: Presence, options?: SendOptions): Promise<void> {
    return this.#run(async () => {
      const ids = Array.from({ length: this.total }, (_, id) => id);
      await Promise.all(ids.map((id) => this.#command(id, 'updatePresence', presence, options)));
    });
  }

  /**
   * State of the whole fleet, from Redis: workers, every shard, identifies, streams and their consumers.
   * @throws ShardError `NOT_CONNECTED` before `connect()`, and what the connection to Redis rejects with
   */
  status(): Promise<FleetStatus> {
    return this.#run(() => readFleetStatus(this.#worker.redis));
  }

  /**
   * Gives the whole fleet another number of shards, without a pause: all new shards come up beside the old ones, then they take
   * over at one moment. Resolves when they are in service. `'auto'` takes the number that Discord recommends now.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `OVER_BUDGET` when fewer identifies are left today than it needs,
   * `NOT_CONNECTED`; what `fetchGatewayInfo` throws
   */
  reshard(total: number | 'auto'): Promise<void> {
    return this.#run(async () => {
      if (total !== 'auto') checkTotal(total);
      this.#worker.checkOnline();
      const { signal } = new AbortController();
      await this.#worker.reshard(total === 'auto' ? await this.#worker.facts.recommended(signal) : total);
    });
  }

  /**
   * Makes every shard of the fleet drop its connection and resume; with `rolling` one after another. Resolves when all are back.
   * @throws as `send`
   */
  restart({ rolling = false }: { rolling?: boolean } = {}): Promise<void> {
    return this.#run(async () => {
      checkFlag('rolling', rolling);
      this.#worker.checkOnline();
      const ids = Array.from({ length: this.total }, (_, id) => id);
      const restart = (id: number) => this.#command(id, 'reconnect', null);
      if (!rolling) await Promise.all(ids.map(restart));
      else for (const id of ids) await restart(id);
    });
  }

  /** Shows the worker in one line, for `console.log`. */
  [inspect.custom](): string {
    const { worker, state, total, ids } = this;
    return `Fleet ${inspect({ worker, state, total, ids }, { breakLength: Infinity })}`;
  }

  #run<T>(call: () => Promise<T>): Promise<T> {
    return this.#guard.run(call);
  }

  async #command<T>(shardId: number, name: CommandName, value: unknown, options?: object): Promise<T> {
    this.#worker.checkOnline();
    whole('shardId', shardId, { max: this.total - 1 });
    return (await this.#worker.commands.run(shardId, name, value, options as CommandOptions)) as T;
  }

  #shardIdFor(guildId: unknown): number {
    this.#worker.checkOnline();
    if (!isSnowflake(guildId)) refuse('guildId', guildId, 'the id of a guild: a string of digits');
    return shardIdFor(guildId, this.total);
  }

  async #shutDown(): Promise<void> {
    await this.#calls.shutdown();
    this.#worker.courier.close(new ShardError('CLOSED', 'The worker was shut down.'));
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
