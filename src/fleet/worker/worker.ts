import { randomUUID } from 'node:crypto';
import { createActor, type Actor } from 'xstate';
import { workerMachine, type ShardsReport } from '../../../machines/worker.js';
import { EventRelay } from '../../manager/eventRelay.js';
import { identityOf } from '../../protocol/identity.js';
import { sumOfIntents } from '../../protocol/intents.js';
import { checkTotal } from '../../manager/options.js';
import type { Shard } from '../../shard/shard.js';
import type { Emitter } from '../../util/emitter.js';
import { Waiters } from '../../util/waiters.js';
import { Courier } from '../commands/courier.js';
import { FleetCommands } from '../commands/fleetCommands.js';
import { ShardError } from '../../util/errors.js';
import type { GuardedLogger } from '../../util/logger.js';
import { messageOf } from '../../util/messageOf.js';
import type { FleetWorkerEvents } from '../events.js';
import type { ResolvedFleetOptions } from '../fleetOptions.js';
import { fencedLimiter } from '../lease/fencedLimiter.js';
import { FleetSessionStore } from '../lease/fleetSessionStore.js';
import type { BeatAnswer } from '../lease/lease.js';
import { ShardPublisher } from '../publish/shardPublisher.js';
import { keyOfShard, shardOfKey, type ShardKey } from '../shardKey.js';
import { GatewayFacts } from './gatewayFacts.js';
import { joiningLogic, signingOffLogic } from './joining.js';
import { Layouts } from './layouts.js';
import { LeaseKeeper } from './leaseKeeper.js';
import { RedisParts } from './redisParts.js';
import { ShardOwner } from './shardOwner.js';
import { WorkerShards } from './workerShards.js';

/** Time that a shard, and a worker, may need to go down. */
const LIMIT_MS = 5_000;

export interface WorkerDeps {
  readonly emitter: Emitter<FleetWorkerEvents>;
  readonly logger: GuardedLogger;
  /** Another process asks this worker to drain. */
  readonly onDrain: () => Promise<void>;
}

/** One worker of a fleet: its chart, and what the chart orders. The token stays in its options. */
export class Worker {
  readonly actor: Actor<typeof workerMachine>;
  readonly relay: EventRelay;
  readonly facts: GatewayFacts;
  readonly layouts: Layouts;
  readonly shards: WorkerShards;
  readonly redis: RedisParts;
  readonly keeper: LeaseKeeper;
  readonly courier: Courier;
  readonly commands: FleetCommands;
  /** `WORKER/INSTANCE` */
  readonly owner: string;
  /** Live workers, as the last beat said. */
  workers: readonly string[] = [];
  /** Why the last start failed. */
  error: unknown = null;
  /** Why a shard does not come up, by its key. */
  readonly fatals = new Map<string, unknown>();
  readonly #options: ResolvedFleetOptions;
  readonly #deps: WorkerDeps;
  #isSpent = false;
  readonly #resharded = new Waiters();

  constructor(options: ResolvedFleetOptions, deps: WorkerDeps) {
    const { emitter, logger } = deps;
    const instance = randomUUID().slice(0, 8);
    this.#options = options;
    this.#deps = deps;
    this.owner = `${options.worker}/${instance}`;
    this.relay = new EventRelay(emitter as never);
    this.facts = new GatewayFacts(options.manager, logger);
    this.layouts = new Layouts(this.relay);
    this.redis = new RedisParts(options, { instance, logger, onMessage: (message) => this.courier.onMessage(message) });
    this.courier = new Courier({
      scripts: () => this.redis.scripts,
      keys: this.redis.keys,
      owner: this.owner,
      run: (name, args, signal) => this.#runForOthers(name, args, signal),
      onWake: () => this.keeper.beatSoon(),
    });
    this.commands = new FleetCommands({
      courier: this.courier,
      ownerOf: (id) => this.#ownerOf(id),
      local: (id) => this.inService.get(id),
      owner: this.owner,
      stopped: () => this.#stopped(),
    });
    this.shards = new WorkerShards({ own: (key, epoch, report) => this.#own(key, epoch, report), logger });
    this.keeper = new LeaseKeeper({
      lease: { beat: (request) => this.redis.lease.beat(request) },
      ttlMs: options.ttlMs,
      beatMs: options.beatMs,
      capacity: options.capacity,
      held: () => this.shards.held(),
      report: () => JSON.stringify(this.#report()),
      onAnswer: (answer) => this.#onAnswer(answer),
      logger,
    });
    const actors = {
      shards: this.shards.logic(),
      lease: this.keeper.logic(),
      joining: joiningLogic(
        (signal) => this.#join(signal),
        (error) => (this.error = error),
      ),
      signingOff: signingOffLogic(() => this.redis.lease.leave()),
    };
    this.actor = createActor(workerMachine.provide({ actors }), { id: 'worker', input: { leaveMs: LIMIT_MS } });
  }

  /** The shards of the layout in service that run here, by id. */
  get inService(): ReadonlyMap<number, Shard> {
    const own = [...this.shards.owners.values()].filter(
      ({ key, shard }) => shard !== null && this.layouts.isCurrent(key),
    );
    return new Map(
      own.map(({ key, shard }) => [shardOfKey(key).id, shard as Shard] as const).toSorted(([a], [b]) => a - b),
    );
  }

  /**
   * Gives the whole fleet another number of shards. Resolves when the new ones are in service.
   * @throws ShardError `BUSY`, `OVER_BUDGET`
   */
  async reshard(total: number): Promise<void> {
    if (total === this.layouts.total && this.layouts.next === null) return;
    const { budget } = this.redis.queue;
    const left = budget && budget.remaining - this.#options.manager.reserve;
    if (left !== null && left < total) {
      const until = new Date(budget?.resetAt ?? 0).toISOString();
      const message = `Only ${left} identifies are left today, and ${total} shards need one each. Try again after ${until}.`;
      throw new ShardError('OVER_BUDGET', message, { value: left });
    }
    await this.redis.lease.startReshard(total);
    do {
      const beaten = this.#resharded.wait();
      this.keeper.beatSoon();
      await beaten;
    } while (this.layouts.total !== total);
  }

  async #runForOthers(name: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    switch (name) {
      case 'drain':
        return this.#deps.onDrain();
      case 'reshard':
        checkTotal(args[0]);
        return this.reshard(args[0] as number);
      default:
        return this.commands.runHere(args, signal);
    }
  }

  async #ownerOf(id: number): Promise<string | null> {
    const { client, keys } = this.redis;
    const record = await client.command(keys.owners, ['HGET', keys.owners, keyOfShard(this.layouts.current, id)]);
    const [owner = '-'] = String(record ?? '-').split(' ');
    return owner === '-' ? null : owner;
  }

  /** @throws ShardError `NOT_CONNECTED` */
  checkOnline(): void {
    const stopped = this.#stopped();
    if (stopped !== null) throw stopped;
  }

  #stopped(): ShardError | null {
    const { status, value } = this.actor.getSnapshot();
    if (status === 'active' && typeof value === 'object' && 'Online' in value) return null;
    return new ShardError('NOT_CONNECTED', 'The worker is not in the fleet. Call connect() first.');
  }

  async #join(signal: AbortSignal): Promise<void> {
    await this.facts.ask(signal);
    await this.redis.open();
    const { capacity } = this.#options;
    const { total } = this.#options.manager;
    await this.redis.lease.join({ total: this.facts.total, isProposal: total === 'auto', capacity });
    signal.throwIfAborted();
    await this.redis.queue.tell(this.facts.limits);
    void this.redis.checkEviction();
  }

  #onAnswer(answer: BeatAnswer): void {
    this.workers = answer.workers;
    // A Redis that came back empty does not know all who live.
    if (answer.mayClaim) this.courier.onWorkers(answer.workers);
    this.layouts.take(answer.fleet);
    if (answer.fleet.next === null) this.#resharded.resolve();
    this.#watchBudget();
    // Every worker asks: the one that began the reshard may be gone.
    const { next } = answer.fleet;
    if (next !== null) {
      this.redis.lease.cutOver(next.layout).catch((error: unknown) => {
        this.#deps.logger.debug(`the cutover was not asked for: ${messageOf(error)}`);
      });
    }
  }

  #own(key: ShardKey, epoch: number, report: (report: ShardsReport) => void): ShardOwner {
    const { emitter, logger } = this.#deps;
    const { id, layout } = shardOfKey(key);
    const { publish } = this.#options;
    const publisher =
      publish === null
        ? null
        : new ShardPublisher({
            scripts: this.redis.scripts,
            keys: this.redis.keys,
            key,
            owner: this.owner,
            epoch: () => owner.epoch,
            maxLength: publish.maxLength,
            onFenced: () => {
              owner.send({ type: 'lease.cut' });
              this.keeper.beatSoon();
            },
            onHole: () => owner.send({ type: 'shard.missed' }),
            onGap: (gap) => emitter.emit('gap', gap, id),
            logger,
          });
    const total = this.layouts.totalOf(key);
    const owner: ShardOwner = new ShardOwner({
      key,
      epoch,
      publisher,
      limitMs: LIMIT_MS,
      identity: identityOf(sumOfIntents(this.#options.manager.intents), id, total),
      logger,
      options: () => ({ ...this.#shardOptions(id, key, () => owner.epoch), id, total }),
      store: new FleetSessionStore({
        scripts: this.redis.scripts,
        keys: this.redis.keys,
        key,
        owner: this.owner,
        epoch: () => owner.epoch,
      }),
      release: (released) => this.redis.lease.release([{ key, epoch: released }]),
      checkLease: () => this.keeper.check(),
      onShard: (shard) => {
        this.relay.attach(shard, { number: layout, total, ids: [] });
        emitter.emit('shard', shard, id);
      },
      onShardGone: (shard) => this.relay.detach(shard),
      onFatal: (error) => {
        this.fatals.set(key, error);
        // Without a logger and a listener the console is the only place left.
        if (logger.isDefault && !emitter.has('error') && !emitter.has('fatal')) {
          logger.error(`shard ${id}: ${messageOf(error)}`);
        }
      },
      onClaimed: (resumable) => emitter.emit('claimed', { resumable }, id),
      onLost: (reason) => emitter.emit('lost', { reason }, id),
      report: (said) => {
        report(said);
        if (
          said.type === 'shard.gone' &&
          ![...this.shards.owners.keys()].some((other) => !this.layouts.isCurrent(other))
        ) {
          this.layouts.onOldGone();
        }
        // A move of another shard waits for this one.
        if (said.type === 'shard.up') this.keeper.beatSoon();
      },
    });
    return owner;
  }

  #shardOptions(id: number, key: ShardKey, epoch: () => number) {
    const { token, intents, url, options, shardOptions, logger } = this.#options.manager;
    return {
      ...(this.facts.url !== null && { url: () => this.facts.url ?? '' }),
      ...(url !== undefined && { url }),
      ...options,
      ...shardOptions[id],
      token,
      intents,
      identifyLimiter: fencedLimiter({ acquire: (_, { signal }) => this.redis.queue.acquire(id, signal) }, () =>
        this.redis.lease.holds(key, epoch()),
      ),
      ...(logger !== undefined && { logger }),
    };
  }

  /** The shards here, for the status that other workers show. */
  #report() {
    return [...this.shards.owners.values()].map(({ key, shard, begunAt }) => [
      key,
      shard?.state ?? 'Offline',
      shard?.latency ?? null,
      begunAt,
    ]);
  }

  /** Says once when the day's identifies are spent while shards wait for one, and once when there are more. */
  #watchBudget(): void {
    const { queue } = this.redis;
    const { emitter, logger } = this.#deps;
    const { budget } = queue;
    if (budget === null) return;
    const isSpent = budget.remaining <= this.#options.manager.reserve;
    if (isSpent === this.#isSpent || (isSpent && queue.waiting === 0)) return;
    this.#isSpent = isSpent;
    if (isSpent) {
      const until = new Date(budget.resetAt).toISOString();
      logger.warn(
        `the day's identifies are spent (${budget.remaining} of ${budget.total} left): shards without a session wait until ${until}`,
      );
    } else logger.info(`identifies are available again: ${budget.remaining} of ${budget.total}`);
    emitter.emit(isSpent ? 'exhausted' : 'renewed', budget);
  }
}
