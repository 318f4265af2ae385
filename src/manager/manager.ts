import { inspect } from 'node:util';
import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { createActor, type Actor } from 'xstate';
import { managerMachine } from '../../machines/manager.js';
import { RESUMABLE_CLOSE } from '../protocol/closeCodes.js';
import type { Session } from '../protocol/session.js';
import { isSnowflake, shardIdFor } from '../protocol/sharding.js';
import { checkClose, resolveShutdown, type ShutdownOptions } from '../shard/closeOptions.js';
import { openEventStream, type EventStream, type EventStreamOptions } from '../shard/eventStream.js';
import { PromiseGuard } from '../shard/promiseGuard.js';
import type { SendOptions, SendPayload } from '../shard/sendQueue.js';
import type { Shard } from '../shard/shard.js';
import { Emitter } from '../util/emitter.js';
import { ShardError } from '../util/errors.js';
import { GuardedLogger } from '../util/logger.js';
import { checkFlag, refuse } from '../util/options.js';
import { assembleManager, type ManagerAssembly } from './assemble.js';
import type { ManagerEvents, ManagerListener } from './events.js';
import type { IdentifyController } from './identifyControl.js';
import { Operations } from './operations.js';
import {
  checkIds,
  checkTotal,
  idsOf,
  resolveManagerOptions,
  type OwnShardOptions,
  type ReshardOptions,
  type ResolvedManagerOptions,
  type RestartOptions,
  type SharedShardOptions,
  type ShardManagerOptions,
} from './options.js';
import { ManagerListeners } from './managerListeners.js';
import { stateOf, statusOf, summarize, type ManagerState, type ManagerStatus, type StatusInput } from './status.js';
import { provideSummary } from './summary.js';

/**
 * The shards of a bot, or those of them that run in this process. Created by {@link createShardManager}; the chart
 * `managerMachine` decides what it does.
 */
export class ShardManager extends ManagerListeners implements AsyncDisposable {
  /** The XState actor itself: `subscribe`, `getSnapshot`, `system`. */
  readonly actor: Actor<typeof managerMachine>;

  readonly #options: ResolvedManagerOptions;
  readonly #assembly: ManagerAssembly;
  readonly #operations: Operations;
  readonly #guard: PromiseGuard;
  /** Emits `down` when the manager is down for good. */
  readonly #end: Emitter<{ down: null }>;

  constructor(options: ShardManagerOptions) {
    const resolved = resolveManagerOptions(options);
    const logger = new GuardedLogger('manager', resolved);
    const onListenerFailed = (event: string, error: unknown) =>
      logger.failure(`a listener of "${event}" failed`, error, { event });
    const emitter = new Emitter<ManagerEvents>(onListenerFailed);
    const assembly = assembleManager(resolved, { emitter, logger });
    const guard = new PromiseGuard(resolved.token, logger);
    super(emitter, (event) => assembly.fleet.relay.watch(event), guard);
    this.#options = resolved;
    this.#guard = guard;
    this.#end = new Emitter(onListenerFailed);
    this.#assembly = assembly;
    const { actors, input, fleet } = this.#assembly;
    this.actor = createActor(managerMachine.provide({ actors }), { id: 'manager', input });
    this.#operations = new Operations({
      actor: this.actor,
      assembly: this.#assembly,
      logger,
      guard: this.#guard,
      onEnd: () => this.#end.emit('down', null),
    });
    let { state } = this;
    this.actor.subscribe(({ context: { current } }) => {
      fleet.lastServed = current ?? fleet.lastServed;
      if (this.state !== state) logger.info(`${state} -> ${this.state}`);
      state = this.state;
    });
    this.actor.start();
    provideSummary(this, () => summarize(this.#statusInput()));
  }

  get state(): ManagerState {
    return stateOf(this.actor.getSnapshot().value);
  }

  /** Ids of the shards that run here; empty until they are known. */
  get ids(): readonly number[] {
    const { total, ids } = this.#options;
    const { lastServed } = this.#assembly.fleet;
    if (lastServed !== null) return lastServed.ids;
    return ids ?? (total === 'auto' ? [] : Array.from({ length: total }, (_, id) => id));
  }

  /** Number of shards the bot has in all; 0 until it is known. */
  get total(): number {
    const { total } = this.#options;
    return this.#assembly.fleet.lastServed?.total ?? (total === 'auto' ? 0 : total);
  }

  /** The shards in service by id; empty before `connect()`. */
  get shards(): ReadonlyMap<number, Shard> {
    return this.#assembly.fleet.shards;
  }

  /** Shards that are not in service: they come up or go down while the bot is resharded. */
  get otherShards(): readonly Shard[] {
    return this.#assembly.fleet.others;
  }

  /** Options for all shards, as they were given. They are read when a shard is created. */
  get options(): SharedShardOptions {
    return this.#options.options;
  }

  /** Options of single shards, as they were given. */
  get shardOptions(): Readonly<Record<number, OwnShardOptions>> {
    return this.#options.shardOptions;
  }

  /** Numbers of the identify queue; null with an `identifyHook` or `identifyLimiter`, and until the limits are known. */
  get controller(): IdentifyController | null {
    return this.#assembly.identifies.controller;
  }

  /**
   * Connects all shards; after `close()` those that were in service then. Resolves when each of them has been Connected, at
   * once if they are. While it runs, shards that went down for good are connected again.
   *
   * When the gateway refuses a shard for good, the promise rejects with its FatalShardError, and all other shards are closed
   * and keep their sessions.
   * @throws FatalShardError; what `fetchGatewayInfo` throws; ShardError `CLOSED` when the manager goes down instead, `BUSY`
   * while another operation runs
   */
  connect(): Promise<void> {
    return this.#operations.connect();
  }

  /**
   * Runs these shards from now on: connects those that are new, and closes all others. Resolves when that is done. With
   * `resumable` the closed shards keep their sessions, for the process that runs them next.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`; FatalShardError of a new shard that was refused: all others stay
   */
  scale(
    ids: NonNullable<ShardManagerOptions['ids']>,
    { resumable = false }: { resumable?: boolean } = {},
  ): Promise<void> {
    return this.#operations.begin(() => {
      const list = idsOf(ids);
      if (this.total > 0) checkIds(list, this.total);
      return { type: 'scale', ids: list, code: resumable ? RESUMABLE_CLOSE : 1000, reason: 'scaled in' };
    });
  }

  /**
   * Makes every shard drop its connection and come back, without losing a dispatch. Resolves when all are back.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`, `OVER_BUDGET` when fewer identifies are left today than
   * `newSessions` needs; FatalShardError of a shard that was refused
   */
  restart({ rolling = false, newSessions = false }: RestartOptions = {}): Promise<void> {
    return this.#operations.begin(() => {
      checkFlag('rolling', rolling);
      checkFlag('newSessions', newSessions);
      return { type: 'restart', rolling, newSessions, identifiesLeft: this.#assembly.identifies.left };
    });
  }

  /**
   * Changes the number of shards without a pause. A new set of shards comes up beside the old one and takes over once all of
   * it is Connected; then the old set is closed. Listeners get each dispatch once, with the shard ids of the set in service.
   * Resolves when the old set is gone. `'auto'` takes the number that Discord recommends now.
   *
   * When it fails, the old set stays as it was.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`, `OVER_BUDGET` when fewer identifies are left today than the new
   * set needs; the signal's reason; FatalShardError of a new shard that was refused
   */
  reshard(total: number | 'auto', { ids, signal }: ReshardOptions = {}): Promise<void> {
    return this.#operations.begin(() => {
      if (total !== 'auto') checkTotal(total);
      const list = ids === undefined ? null : idsOf(ids);
      if (list !== null && total !== 'auto') checkIds(list, total);
      signal?.throwIfAborted();
      return { type: 'reshard', total, ids: list };
    }, signal);
  }

  /**
   * Closes all shards until `connect()`. Resolves when all are gone. Codes 1000 (the default) and 1001 end their sessions;
   * any other code keeps them.
   * @throws ShardError `INVALID_OPTION`
   */
  close({ code = 1000, reason = 'close requested' }: { code?: number; reason?: string } = {}): Promise<void> {
    return this.#guard.run(async () => {
      checkClose(code, reason);
      await this.#operations.goDown({ type: 'close', code, reason });
    });
  }

  /**
   * Closes all shards for good, saves or deletes their sessions, and leaves nothing running. With `resumable`, or a `code`
   * other than 1000 and 1001, the sessions are kept, for the next process.
   * @throws ShardError `INVALID_OPTION`
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    return this.#guard.run(async () => {
      const { code, reason } = resolveShutdown(options);
      await this.#operations.shutdown(code, reason);
    });
  }

  /**
   * Closes all shards before it returns, without waiting for the gateway: for signal handlers. Codes 1000 and 1001 end their
   * sessions; any other code, such as the default 4900, keeps them.
   * @throws ShardError `INVALID_OPTION`
   */
  forceClose(code: number = RESUMABLE_CLOSE): void {
    const reason = 'forced close requested';
    this.#guard.check(() => checkClose(code, reason));
    void this.#operations.goDown({ type: 'abort', code, reason });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Sends a payload by one shard, as `shard.send` does.
   * @throws ShardError `UNKNOWN_SHARD` and what `shard.send` throws
   */
  send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    const shard = this.shards.get(shardId);
    return shard?.send(payload, options) ?? this.#guard.run(() => Promise.reject(this.#unknownShard(shardId)));
  }

  /**
   * Sends a payload by every shard. Resolves when all have sent it, rejects with the first error.
   * @throws ShardError `UNKNOWN_SHARD` before `connect()`, and what `shard.send` throws
   */
  broadcast(payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#guard.run(async () => {
      if (this.shards.size === 0) throw new ShardError('UNKNOWN_SHARD', 'There are no shards before connect().');
      await Promise.all([...this.shards.values()].map((shard) => shard.send(payload, options)));
    });
  }

  /**
   * The shard a guild belongs to; undefined where that shard runs in another process, and before `connect()`.
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

  /** Mean `latency` of the shards in milliseconds; null while no shard has one. */
  getAveragePing(): number | null {
    const known = [...this.shards.values()].map(({ latency }) => latency).filter((latency) => latency !== null);
    return known.length === 0 ? null : known.reduce((sum, latency) => sum + latency, 0) / known.length;
  }

  /**
   * The session of each shard by id, null for a shard without one: for `shardOptions[id].session` of the next process. After
   * `close()` the sessions that it kept.
   */
  getCurrentSessions(): Record<number, Session | null> {
    if (this.shards.size === 0) return Object.fromEntries(this.#assembly.fleet.left.sessions);
    return Object.fromEntries([...this.shards].map(([id, { session }]) => [id, session]));
  }

  /** State of the manager, its shards and the identify queue, as plain data. */
  status(): ManagerStatus {
    return statusOf(this.#statusInput(), this.shards.values(), this.total);
  }

  /**
   * Every dispatch of every shard from now on, each with the id of its shard, for `for await`. It goes on through
   * reconnects, reshards and `close()`, and ends on `shutdown()`. Leaving the loop ends it too.
   * @throws ShardError `INVALID_OPTION` at once; from the loop `BUFFER_OVERFLOW` and the signal's reason
   */
  events(options?: EventStreamOptions): EventStream<readonly [event: GatewayDispatchPayload, shardId: number]> {
    type Pair = readonly [GatewayDispatchPayload, number];
    const source = {
      onEvent: (listener: (pair: Pair) => void) => {
        const onEvent: ManagerListener<'event'> = (payload, shardId) => listener([payload, shardId]);
        this.on('event', onEvent);
        return () => void this.off('event', onEvent);
      },
      onDown: (listener: () => void) => this.#end.listen('down', listener),
      downForGood: () => this.#operations.stopped,
    };
    return this.#guard.check(() => openEventStream(source, options));
  }

  /** Shows the manager in one line, for `console.log`. */
  [inspect.custom](): string {
    const { state, total, counts } = this.status();
    const shards = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
    return `ShardManager ${inspect({ state, total, shards, ping: this.getAveragePing() }, { breakLength: Infinity })}`;
  }

  #statusInput(): StatusInput {
    const { reserve } = this.#options;
    return { snapshot: this.actor.getSnapshot(), queue: this.#assembly.identifies.own, reserve };
  }

  #unknownShard(shardId: number): ShardError {
    const known = this.shards.size === 0 ? 'there are none before connect()' : `${this.shards.size} others run here`;
    return new ShardError('UNKNOWN_SHARD', `There is no shard ${shardId} here: ${known}.`, { value: shardId });
  }
}

/**
 * Creates a manager of shards. It connects nothing until `connect()`.
 * @throws ShardError `INVALID_OPTION` for an option of the manager or its shards, `UNSUPPORTED_COMPRESSION`
 */
export function createShardManager(options: ShardManagerOptions): ShardManager {
  return new ShardManager(options);
}
