import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { createActor, type Actor } from 'xstate';
import { managerMachine } from '../../machines/manager.js';
import type { ManagerCommand, ManagerReport } from '../../machines/manager.types.js';
import { checkClose } from '../shard/closeOptions.js';
import { Emitter } from '../util/emitter.js';
import { openEventStream, type EventStream, type EventStreamOptions } from '../shard/eventStream.js';
import { handled } from '../util/handled.js';
import { Waiters } from '../util/waiters.js';
import { checkFlag, refuse } from '../util/options.js';
import { GuardedLogger } from '../util/logger.js';
import { assembleManager, type ManagerAssembly } from './assemble.js';
import type { ManagerEvents, ManagerListener } from './events.js';
import type { IdentifyController } from './identifyControl.js';
import { allowLooks } from './summary.js';
import {
  checkIds,
  checkTotal,
  idsOf,
  resolveManagerOptions,
  type OwnShardOptions,
  type ResolvedManagerOptions,
  type SharedShardOptions,
  type ShardManagerOptions,
} from './options.js';
import { shardEventOf } from './eventRelay.js';
import { lookOf, stateOf, statusOf, type ManagerParts, type ManagerState, type ManagerStatus } from './status.js';
import type { SendOptions, SendPayload } from '../shard/sendQueue.js';
import { endsSession, RESUMABLE_CLOSE } from '../protocol/closeCodes.js';
import { ShardError } from '../util/errors.js';
import type { Session } from '../protocol/session.js';
import { isSnowflake, shardIdFor } from '../protocol/sharding.js';
import type { Shard } from '../shard/shard.js';

/** Options of `manager.reshard`. */
export interface ReshardOptions {
  /** Which shards of the new total run here. Default: all. */
  ids?: ShardManagerOptions['ids'];
  /** Calls it off: until the hand-over the old set stays as it was. */
  signal?: AbortSignal;
}

/** Options of `manager.restart`. */
export interface RestartOptions {
  /** One shard after another; it ends with the first that does not come back. Default false: all at once. */
  rolling?: boolean;
  /** Identify anew, as for other intents, instead of resuming; it costs an identify each. Default false. */
  newSessions?: boolean;
}

/**
 * The shards of a bot, or those of them that run in this process: a face on the chart `managerMachine`. Made by
 * {@link createShardManager}.
 */
export class ShardManager implements AsyncDisposable {
  /** The XState actor itself: `subscribe`, `getSnapshot`, `system`. */
  readonly actor: Actor<typeof managerMachine>;

  readonly #given: ResolvedManagerOptions;
  readonly #logger: GuardedLogger;
  readonly #emitter: Emitter<ManagerEvents>;
  readonly #parts: ManagerAssembly;
  /** Told `down` once nothing can ever come again. */
  readonly #end: Emitter<{ down: null }>;
  /** Whoever waits for the operation under way. */
  #operation = new Waiters();
  readonly #offline = new Waiters();
  #whyAborted: unknown = null;
  #shutdown: Promise<void> | null = null;

  constructor(options: ShardManagerOptions) {
    const resolved = resolveManagerOptions(options);
    this.#given = resolved;
    this.#logger = new GuardedLogger('manager', resolved);
    const failed = (event: string, error: unknown) =>
      this.#logger.error(`a listener of "${event}" failed: ${error instanceof Error ? error.stack : String(error)}`);
    this.#emitter = new Emitter(failed);
    this.#end = new Emitter(failed);
    this.#parts = assembleManager(resolved, { emitter: this.#emitter, logger: this.#logger });
    this.actor = createActor(managerMachine.provide({ actors: this.#parts.actors }), {
      id: 'manager',
      input: this.#parts.input,
    });
    this.actor.on('*', (report) => this.#told(report));
    this.actor.subscribe({ error: (error) => this.#chartFailed(error) });
    let state = this.state;
    this.actor.subscribe(({ context: { current } }) => {
      this.#parts.fleet.lastServed = current ?? this.#parts.fleet.lastServed;
      if (this.state !== state) this.#logger.info(`${state} -> ${this.state}`);
      state = this.state;
    });
    this.actor.start();
    allowLooks(this, () => lookOf(this.#now()));
  }

  get state(): ManagerState {
    return stateOf(this.actor.getSnapshot().value);
  }

  /** The ids of the shards that run here; empty until they are known. */
  get ids(): readonly number[] {
    const { total, ids } = this.#given;
    const { lastServed } = this.#parts.fleet;
    if (lastServed !== null) return lastServed.ids;
    return ids ?? (total === 'auto' ? [] : Array.from({ length: total }, (_, id) => id));
  }

  /** How many shards the bot has in all; 0 until that is known. */
  get total(): number {
    const { total } = this.#given;
    return this.#parts.fleet.lastServed?.total ?? (total === 'auto' ? 0 : total);
  }

  /** The shards in service by id, from `connect()` on. */
  get shards(): ReadonlyMap<number, Shard> {
    return this.#parts.fleet.shards;
  }

  /** Shards that are not in service: they come up or go down while the bot is resharded. */
  get otherShards(): readonly Shard[] {
    return this.#parts.fleet.others;
  }

  /** Options for all shards, as they were given; they are read when a shard is made. */
  get options(): SharedShardOptions {
    return this.#given.options;
  }

  /** Options of single shards, as they were given. */
  get shardOptions(): Readonly<Record<number, OwnShardOptions>> {
    return this.#given.shardOptions;
  }

  /** The identify queue's numbers; null under outside control, and until the limits are known. */
  get controller(): IdentifyController | null {
    return this.#parts.identifies.controller;
  }

  /**
   * Connects all shards; after `close()` those that were in service then. Resolves when each of them has been Connected, at once if they are. Where some went down for good
   * meanwhile it brings those up again.
   * Rejects when one is refused for good (with its FatalShardError) or goes down: then all others are closed too, and keep
   * their sessions; with what `fetchGatewayInfo` throws, where the gateway is not known; with a ShardError `CLOSED` when the
   * manager is told to go down, `BUSY` while it does something else.
   */
  connect(): Promise<void> {
    const snapshot = this.actor.getSnapshot();
    const isUnderWay =
      snapshot.matches('Preparing') ||
      snapshot.matches({ Online: 'Starting' }) ||
      snapshot.matches({ Closing: 'comingBack' });
    if (isUnderWay) return this.#operation.wait();
    return handled(this.#begin(() => ({ type: 'connect' })));
  }

  /**
   * Runs these shards from now on: those that are new are connected, those that are not among them closed. With
   * `resumable` the sessions of the latter are kept, for the process that runs them from now on. Resolves when done.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`; what a new shard was refused with: the others stay
   */
  scale(
    ids: NonNullable<ShardManagerOptions['ids']>,
    { resumable = false }: { resumable?: boolean } = {},
  ): Promise<void> {
    const plan = () => {
      const list = idsOf(ids);
      if (this.total > 0) checkIds(list, this.total);
      const code = resumable ? RESUMABLE_CLOSE : 1000;
      return { type: 'scale', ids: list, code, reason: 'scaled in' } as const;
    };
    return handled(this.#begin(plan));
  }

  /**
   * Lets every shard drop its connection and come back, without losing a dispatch. Resolves when all are back.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`, `OVER_BUDGET` where the day has fewer identifies left than new
   * sessions need; what a shard was refused with
   */
  restart({ rolling = false, newSessions = false }: RestartOptions = {}): Promise<void> {
    const plan = () => {
      checkFlag('rolling', rolling);
      checkFlag('newSessions', newSessions);
      return { type: 'restart', rolling, newSessions, identifiesLeft: this.#parts.identifies.left } as const;
    };
    return handled(this.#begin(plan));
  }

  /**
   * Changes the number of shards without a pause: a new set comes up beside the old one, takes over once all of it is
   * Connected, and the old one is closed. Listeners are told each dispatch once, with the ids of the set in service.
   * `'auto'` takes what Discord recommends now. Resolves when the old set is gone.
   * @throws ShardError `INVALID_OPTION`, `BUSY`, `CLOSED`, `OVER_BUDGET` where the day has fewer identifies left than it
   * needs; the signal's reason; what a new shard was refused with: in all these cases the old set stays as it was
   */
  reshard(total: number | 'auto', { ids, signal }: ReshardOptions = {}): Promise<void> {
    const plan = () => {
      if (total !== 'auto') checkTotal(total);
      const list = ids === undefined ? null : idsOf(ids);
      if (list !== null && total !== 'auto') checkIds(list, total);
      signal?.throwIfAborted();
      return { type: 'reshard', total, ids: list } as const;
    };
    const abort = () => {
      this.#whyAborted = signal?.reason;
      this.actor.send({ type: 'reshard.abort' });
    };
    // One that is refused must not call off another that is under way.
    const accepted = () => signal?.addEventListener('abort', abort, { once: true });
    return handled(this.#begin(plan, accepted).finally(() => signal?.removeEventListener('abort', abort)));
  }

  /**
   * Takes all shards down until `connect()`. 1000 (the default) and 1001 end their sessions; any other code keeps them.
   * Resolves when all are gone.
   * @throws ShardError `INVALID_OPTION`
   */
  async close({ code = 1000, reason = 'close requested' }: { code?: number; reason?: string } = {}): Promise<void> {
    checkClose(code, reason);
    return this.#goDown({ type: 'close', code, reason });
  }

  /**
   * Goes down for good: closes all shards, saves or deletes their sessions, and leaves nothing running. With `resumable`
   * the sessions are kept, for a process that comes after this one.
   */
  shutdown({ resumable = false }: { resumable?: boolean } = {}): Promise<void> {
    return (this.#shutdown ??= this.#shutDown(resumable ? RESUMABLE_CLOSE : 1000));
  }

  /**
   * Takes all shards down before it returns, without waiting for the gateway: for signal handlers. Sessions are kept unless
   * the code is 1000 or 1001. Default 4900.
   * @throws ShardError `INVALID_OPTION`
   */
  forceClose(code: number = RESUMABLE_CLOSE): void {
    const reason = 'forced close requested';
    checkClose(code, reason);
    void this.#goDown({ type: 'abort', code, reason });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Sends a payload by one shard, as `shard.send` does.
   * @throws ShardError `UNKNOWN_SHARD` and what `shard.send` throws
   */
  async send(shardId: number, payload: SendPayload, options?: SendOptions): Promise<void> {
    const shard = this.shards.get(shardId);
    if (shard === undefined) {
      const known = this.shards.size === 0 ? 'there are none before connect()' : `here run ${this.shards.size} others`;
      throw new ShardError('UNKNOWN_SHARD', `There is no shard ${shardId} here: ${known}.`, { value: shardId });
    }
    return shard.send(payload, options);
  }

  /**
   * Sends a payload by every shard. Resolves when all have sent it, rejects with the first error.
   * @throws ShardError `UNKNOWN_SHARD` where there are none, and what `shard.send` throws
   */
  async broadcast(payload: SendPayload, options?: SendOptions): Promise<void> {
    if (this.shards.size === 0) throw new ShardError('UNKNOWN_SHARD', 'There are no shards before connect().');
    await Promise.all([...this.shards.values()].map((shard) => shard.send(payload, options)));
  }

  /**
   * The shard a guild belongs to, or undefined where that one runs elsewhere or nothing runs yet.
   *
   * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
   * @throws ShardError `INVALID_OPTION` for what is no id
   */
  shardFor(guildId: string): Shard | undefined {
    if (!isSnowflake(guildId)) refuse('guildId', guildId, 'the id of a guild: a string of digits');
    return this.total === 0 ? undefined : this.shards.get(shardIdFor(guildId, this.total));
  }

  /** Mean `latency` of the shards in milliseconds; null while none has one. */
  getAveragePing(): number | null {
    const known = [...this.shards.values()].map(({ latency }) => latency).filter((latency) => latency !== null);
    return known.length === 0 ? null : known.reduce((sum, latency) => sum + latency, 0) / known.length;
  }

  /**
   * The session of each shard by id, for `shardOptions[id].session` of a process to come; null where there is none. After
   * `close()` those that were left.
   */
  getCurrentSessions(): Record<number, Session | null> {
    if (this.shards.size === 0) return Object.fromEntries(this.#parts.fleet.left.sessions);
    return Object.fromEntries([...this.shards].map(([id, { session }]) => [id, session]));
  }

  /** What the manager, its shards and the identify queue do now. */
  status(): ManagerStatus {
    return statusOf(this.#now(), this.shards.values(), this.total);
  }

  /**
   * Adds a listener, told the event and the id of its shard: every event a shard has, and `connect`, `close`, `error`,
   * `event`, `shard`, `exhausted`, `renewed`. What it throws is reported to the logger and disturbs nothing.
   */
  on<Name extends keyof ManagerEvents>(name: Name, listener: ManagerListener<Name>): this {
    return this.#listen(name, listener, false);
  }

  /** Adds a listener for the next time only. */
  once<Name extends keyof ManagerEvents>(name: Name, listener: ManagerListener<Name>): this {
    return this.#listen(name, listener, true);
  }

  off<Name extends keyof ManagerEvents>(name: Name, listener: ManagerListener<Name>): this {
    this.#emitter.remove(name, listener as never);
    return this;
  }

  /**
   * Every dispatch of every shard from now on, each with the id of its shard, for `for await`. It goes on through
   * reconnects, reshards and `close()`, and ends on `shutdown()`. Leaving the loop ends it.
   * @throws ShardError `INVALID_OPTION` at once; from the loop `BUFFER_OVERFLOW`, the signal's reason
   */
  events(options?: EventStreamOptions): EventStream<readonly [event: GatewayDispatchPayload, shardId: number]> {
    type Pair = readonly [GatewayDispatchPayload, number];
    const source = {
      onEvent: (listener: (pair: Pair) => void) => {
        const heard: ManagerListener<'event'> = (payload, shardId) => listener([payload, shardId]);
        this.on('event', heard);
        return () => void this.off('event', heard);
      },
      onDown: (listener: () => void) => this.#end.listen('down', listener),
      downForGood: () => this.#downForGood(),
    };
    return openEventStream(source, options);
  }

  #now(): ManagerParts {
    return {
      snapshot: this.actor.getSnapshot(),
      queue: this.#parts.identifies.own,
      reserve: this.#given.reserve,
    };
  }

  #listen<Name extends keyof ManagerEvents>(name: Name, listener: ManagerListener<Name>, once: boolean): this {
    this.#emitter.add(name, listener as never, once);
    const event = shardEventOf(name);
    if (event !== null) this.#parts.fleet.relay.watch(event);
    return this;
  }

  #downForGood(): ShardError | null {
    const snapshot = this.actor.getSnapshot();
    if (snapshot.status === 'active' && !snapshot.matches({ Offline: 'stopped' })) return null;
    return new ShardError('CLOSED', 'The manager has been shut down. Create a new one.');
  }

  /** `can` looks at the chart: what it would ignore is refused. */
  async #begin(plan: () => ManagerCommand, accepted?: () => void): Promise<void> {
    const command = plan();
    const down = this.#downForGood() ?? (this.#shutdown === null ? null : wentDown());
    if (down !== null) throw down;
    if (!this.actor.getSnapshot().can(command)) {
      const { state } = this;
      const advice = state === 'Offline' ? 'Await connect() first' : 'Await what it is doing first';
      const message = `The manager is ${state} and cannot ${command.type} now. ${advice}.`;
      throw new ShardError('BUSY', message, { value: state });
    }
    const done = this.#operation.wait();
    accepted?.();
    this.actor.send(command);
    return done;
  }

  #told(report: ManagerReport): void {
    switch (report.type) {
      case 'operation.done':
        return this.#operation.resolve();
      case 'operation.failed':
        this.#logger.warn(`what was asked is not done: ${report.why}`);
        return this.#failOperation(this.#whyFailed(report));
      case 'manager.offline':
        // Unless it comes back for somebody who has asked meanwhile.
        if (this.state === 'Offline') this.#failOperation(wentDown);
        return this.#offline.resolve();
    }
  }

  /** A function that tells the error, once this turn of the chart is over and everything is known. */
  #whyFailed({ why, shards: [first] }: Extract<ManagerReport, { type: 'operation.failed' }>): () => unknown {
    const { fleet, preparation, identifies } = this.#parts;
    if (why === 'shardDown' && first !== undefined) return fleet.failures.of(first);
    if (why === 'aborted') return () => this.#whyAborted;
    if (why === 'unprepared') return () => preparation.error;
    const left = identifies.left ?? 0;
    const until = new Date(identifies.own?.budget?.resetAt ?? 0).toISOString();
    const message = `The day has ${left} identifies left, fewer than this needs. There are more at ${until}.`;
    return () => new ShardError('OVER_BUDGET', message, { value: left });
  }

  /** Rejects the calls that wait now, once this turn of the chart is over: only then the reason is known. */
  #failOperation(why: () => unknown): void {
    const failed = this.#operation;
    this.#operation = new Waiters();
    queueMicrotask(() => failed.reject(why()));
  }

  async #goDown(command: Extract<ManagerCommand, { type: 'close' | 'abort' | 'shutdown' }>): Promise<void> {
    this.#failOperation(wentDown);
    this.actor.send(command);
    if (this.state !== 'Offline') await this.#offline.wait();
  }

  async #shutDown(code: number): Promise<void> {
    if (this.#downForGood() === null) await this.#goDown({ type: 'shutdown', code, reason: 'shutdown requested' });
    if (endsSession(code)) await this.#parts.fleet.forgetSessions();
    this.actor.stop();
    this.#parts.identifies.own?.actor.stop();
    this.#end.emit('down', null);
  }

  /** A throw inside a chart stops its actor and leaves its children running: the shards must not be among them. */
  #chartFailed(cause: unknown): void {
    const message = `The manager's chart has failed, which is a bug in shardchart: ${String(cause)}`;
    this.#logger.error(message);
    for (const shard of [...this.shards.values(), ...this.otherShards]) shard.forceClose();
    this.#failOperation(() => new ShardError('CLOSED', message, { cause }));
    this.#offline.resolve();
    this.#end.emit('down', null);
  }
}

const wentDown = () => new ShardError('CLOSED', 'The manager went down.');

/**
 * Creates a manager of shards. It does nothing until `connect()`.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`: what is wrong with the options, those of the shards too
 */
export function createShardManager(options: ShardManagerOptions): ShardManager {
  return new ShardManager(options);
}
