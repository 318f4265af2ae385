import { setTimeout as sleep } from 'node:timers/promises';
import { createActor, type Actor } from 'xstate';
import { ownershipMachine, type OwnershipEvent, type OwnershipReport } from '../../../machines/ownership.js';
import type { ShardsReport } from '../../../machines/worker.js';
import { RESUMABLE_CLOSE } from '../../protocol/closeCodes.js';
import { otherIdentity } from '../../protocol/identity.js';
import { plainSession, type Session, type SessionIdentity } from '../../protocol/session.js';
import type { FleetSessionStore } from '../lease/fleetSessionStore.js';
import type { TransitionRecord } from '../../shard/events.js';
import type { ShardOptions } from '../../shard/options.js';
import { Shard } from '../../shard/shard.js';
import type { Logger } from '../../util/logger.js';
import { messageOf } from '../../util/messageOf.js';
import type { ShardPublisher } from '../publish/shardPublisher.js';
import type { ShardKey } from '../shardKey.js';

export interface ShardOwnerDeps {
  readonly key: ShardKey;
  readonly epoch: number;
  /** Options of the shard, without those that its ownership decides. */
  readonly options: () => Omit<ShardOptions, 'session' | 'sessionStore'>;
  /** Where Redis keeps the shard's session, as long as this worker owns it. */
  readonly store: FleetSessionStore;
  /** Null where events are not published. */
  readonly publisher: ShardPublisher | null;
  /** A session that was identified otherwise is not resumed. */
  readonly identity: SessionIdentity;
  readonly limitMs: number;
  /** Tells Redis that the shard is free. */
  readonly release: (epoch: number) => Promise<void>;
  /** Looks whether the lease still runs. */
  readonly checkLease: () => void;
  readonly onShard: (shard: Shard) => void;
  readonly onShardGone: (shard: Shard) => void;
  readonly onFatal: (error: unknown) => void;
  readonly onClaimed: (resumable: boolean) => void;
  readonly onLost: (reason: 'given' | 'taken') => void;
  readonly report: (report: ShardsReport) => void;
  readonly logger: Logger;
}

/** Time until Redis is asked again for a session. */
const RETRY_MS = 250;

/** Carries out what `ownershipMachine` says of one shard. */
export class ShardOwner {
  readonly key: ShardKey;
  readonly actor: Actor<typeof ownershipMachine>;
  shard: Shard | null = null;
  readonly #deps: ShardOwnerDeps;
  /** Aborted when the shard must not come up any more. */
  #opening: AbortController | null = null;
  #isClaimed = false;

  constructor(deps: ShardOwnerDeps) {
    const { key, epoch, limitMs } = deps;
    this.key = key;
    this.#deps = deps;
    this.actor = createActor(ownershipMachine, { id: `ownership ${key}`, input: { key, epoch, limitMs } });
    this.actor.on('*', ({ type }) => this.#carryOut(type));
    this.actor.start();
  }

  get epoch(): number {
    return this.actor.getSnapshot().context.epoch;
  }

  /** True once the shard is Connected here. */
  get isUp(): boolean {
    return this.actor.getSnapshot().matches({ Confirmed: 'up' });
  }

  /** True while READY is awaited. */
  get isStarting(): boolean {
    const identifying = { Online: { link: { session: { Identifying: 'awaitingReady' } } } } as const;
    return this.shard?.actor.getSnapshot().matches(identifying) ?? false;
  }

  /** When the shard's session began, in milliseconds since the epoch; null where that is not known. */
  get begunAt(): number | null {
    return this.#deps.store.begunAt;
  }

  send(event: OwnershipEvent): void {
    this.actor.send(event);
  }

  /** Lets the socket go, whatever the chart says. */
  drop(): void {
    this.#opening?.abort();
    this.shard?.forceClose();
  }

  #carryOut(type: OwnershipReport['type']): void {
    const { publisher, report, key, release, logger } = this.#deps;
    switch (type) {
      case 'shard.open':
        return void this.#open().catch((error: unknown) => this.#onFailed(error));
      case 'shard.sleep':
        return this.#discard();
      case 'events.flow':
        return publisher?.flow();
      case 'events.hold':
        return publisher?.hold();
      case 'shard.close':
        return void this.#close('given');
      case 'shard.drop':
        this.drop();
        return void this.#close('taken');
      case 'shard.release':
        return void release(this.epoch).then(
          () => this.send({ type: 'shard.released' }),
          (error: unknown) =>
            logger.warn(`shard ${key} could not be given back; its lease ends by itself: ${messageOf(error)}`),
        );
      case 'shard.gone':
        publisher?.stop();
        return report({ type: 'shard.gone', key });
    }
  }

  /** Options are read when a shard is created, and may have changed since they were checked. */
  #onFailed(error: unknown): void {
    const { logger, onFatal, report, key } = this.#deps;
    logger.error(`shard ${key} cannot be created: ${messageOf(error)}`);
    onFatal(error);
    this.send({ type: 'shard.refused' });
    report({ type: 'shard.refused', key });
  }

  async #open(): Promise<void> {
    const opening = new AbortController();
    this.#opening = opening;
    const session = await this.#session(opening.signal);
    if (opening.signal.aborted) return;
    const { options, store, publisher, onShard, onClaimed } = this.#deps;
    const shard = new Shard({ ...options(), session, sessionStore: store }, { takesEarly: true });
    this.shard = shard;
    publisher?.follow(shard, session);
    this.#listen(shard);
    onShard(shard);
    if (!this.#isClaimed) onClaimed(session !== null);
    this.#isClaimed = true;
    // The transitions say how it goes.
    shard.connect().catch(() => {});
  }

  /** Asks until Redis answers: a shard that came up without its session would spend an identify and lose events. */
  async #session(signal: AbortSignal): Promise<Session | null> {
    const { publisher, store, limitMs } = this.#deps;
    await publisher?.flushed(limitMs);
    while (!signal.aborted) {
      try {
        return this.#usable((await store.get()) ?? null);
      } catch {
        await sleep(RETRY_MS);
      }
    }
    return null;
  }

  #usable(session: Session | null): Session | null {
    const { identity, logger, key } = this.#deps;
    const other = session && otherIdentity(session, identity);
    if (other === null) return session && plainSession(session);
    logger.warn(`the session of shard ${key} is not resumed: ${other}. The shard identifies.`);
    return null;
  }

  #listen(shard: Shard): void {
    const { onFatal, report, key } = this.#deps;
    shard.on('transition', (record) => this.#onTransition(shard, record));
    shard.on('fatal', (error) => {
      if (this.shard !== shard) return;
      onFatal(error);
      this.send({ type: 'shard.refused' });
      report({ type: 'shard.refused', key });
    });
  }

  #onTransition(shard: Shard, { from, to }: TransitionRecord): void {
    if (from === to || this.shard !== shard) return;
    const { checkLease, report, key } = this.#deps;
    // A process that was paused finds its socket closed before its timers fire.
    if (to === 'Disconnected') checkLease();
    if (to === 'Connected') {
      this.send({ type: 'shard.up' });
      report({ type: 'shard.up', key });
    } else if (from === 'Connected') this.send({ type: 'shard.left' });
  }

  /** Closes at once; the session stays. */
  #discard(): void {
    this.#opening?.abort();
    const { shard } = this;
    this.shard = null;
    if (shard === null) return;
    shard.forceClose(RESUMABLE_CLOSE);
    this.#deps.onShardGone(shard);
    void shard.shutdown({ resumable: true });
  }

  async #close(reason: 'given' | 'taken'): Promise<void> {
    this.#opening?.abort();
    const { shard } = this;
    const { publisher, limitMs, logger, onLost, onShardGone, key } = this.#deps;
    try {
      await shard?.shutdown({ resumable: true, reason: `${reason} to another worker` });
      if (reason === 'given') await publisher?.flushed(limitMs);
    } catch (error) {
      logger.error(`shard ${key} could not be closed: ${messageOf(error)}`);
    }
    if (shard !== null) onShardGone(shard);
    this.shard = null;
    onLost(reason);
    this.send({ type: 'shard.closed' });
  }
}
