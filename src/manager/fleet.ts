import { fromCallback, type EventObject } from 'xstate';
import type { FleetCommand, FleetReport, ShardRef, ShardSet } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { TransitionRecord } from '../shard/events.js';
import type { Logger } from '../util/logger.js';
import { ShardError, type FatalShardError } from '../util/errors.js';
import { identityOf } from '../protocol/identity.js';
import { sumOfIntents } from '../protocol/intents.js';
import type { Session, StoredSession } from '../protocol/session.js';
import type { SessionStore } from '../sessions/sessionStore.js';
import { Shard } from '../shard/shard.js';
import type { ShardOptions } from '../shard/options.js';
import { within } from '../util/within.js';
import type { ManagerEvents } from './events.js';
import { Failures } from './failures.js';
import { EventRelay } from './eventRelay.js';
import { SetStore } from './setStore.js';
import { messageOf, stackOf } from '../util/messageOf.js';

export interface FleetDeps {
  readonly emitter: Emitter<ManagerEvents>;
  readonly logger: Logger;
  readonly store: SessionStore | undefined;
  /** The gateway refused a shard for good. */
  readonly onRefused: (error: FatalShardError) => void;
  /** A shard's connection ended before HELLO. */
  readonly onUnreachable: () => void;
  /** Options of a shard, without those that its set decides. */
  readonly optionsOf: (shardId: number) => Omit<ShardOptions, 'total' | 'session' | 'sessionStore'>;
  /** Sessions that the shards of a new set resume. */
  readonly sessions: () => ReadonlyMap<number, Session | null>;
}

/** A set with its shards. */
interface RunningSet {
  readonly set: ShardSet;
  readonly shards: Map<number, Shard>;
  readonly store: SetStore | null;
  /** The session that the next shard of an id resumes, once. Later sessions come from the store, where there is one. */
  readonly sessions: Map<number, Session | null>;
}

/** Time limit of the session store. */
const STORE_LIMIT_MS = 10_000;

type Send = (report: FleetReport) => void;

/** The shards of a manager: creates them, carries out the orders of the manager's chart, and reports changes to it. */
export class Fleet {
  /** Shards of the set in service, by id. */
  shards: ReadonlyMap<number, Shard> = new Map<number, Shard>();
  /** The set in service, or the last one while there is none: `connect()` brings it back. */
  lastServed: ShardSet | null = null;
  /** Total and sessions of the set that went down last, for the next set of that total. */
  readonly left = { total: 0, sessions: new Map<number, Session | null>() };
  readonly relay: EventRelay;
  readonly #deps: FleetDeps;
  readonly #sets = new Map<number, RunningSet>();
  readonly failures = new Failures();
  #current: RunningSet | null = null;
  /** Settled when the session store has the sessions of the newest set in service. */
  #adopting: Promise<void> = Promise.resolve();
  #send: Send = () => {};

  constructor(deps: FleetDeps) {
    this.#deps = deps;
    this.relay = new EventRelay(deps.emitter);
  }

  /** Shards of sets that are not in service: they come up or go down while the bot is resharded. */
  get others(): Shard[] {
    const sets = [...this.#sets.values()].filter((running) => running !== this.#current);
    return sets.flatMap(({ shards }) => Array.from(shards.values()));
  }

  logic() {
    return fromCallback<FleetCommand, undefined, FleetReport & EventObject>(({ sendBack, receive }) => {
      this.#send = sendBack;
      receive((command) => {
        // A throw here would stop this actor, and leave its shards without a manager.
        try {
          this.#carryOut(command);
        } catch (error) {
          this.#deps.logger.error(
            `${command.type} failed, which is a bug in shardchart; please report it: ${stackOf(error)}`,
          );
        }
      });
      return () => {
        for (const { shards } of this.#sets.values()) for (const shard of shards.values()) shard.forceClose();
      };
    });
  }

  #carryOut(command: FleetCommand): void {
    switch (command.type) {
      case 'set.create':
        return this.#createSet(command.set);
      case 'set.serve':
        return this.#serve(command.set);
      case 'shard.connect':
        return this.#connect(command.ref);
      case 'shard.restart': {
        const shard = this.#shard(command.ref);
        // The shard's transitions report how it ends.
        void (command.newSession ? shard?.reinstantiate() : shard?.reconnect());
        return undefined;
      }
      case 'shard.close':
      case 'shard.abort':
        void this.#close(command.ref, command, command.type === 'shard.abort');
    }
  }

  #createSet(set: ShardSet): void {
    const { store } = this.#deps;
    const current = this.#current;
    const isFirst = current === null || current.shards.size === 0;
    const sessions = this.#deps.sessions();
    const running: RunningSet = {
      set,
      shards: new Map(),
      store: store === undefined ? null : new SetStore(store, sessions, isFirst),
      sessions: new Map(sessions),
    };
    this.#sets.set(set.number, running);
    if (!isFirst) this.relay.begin(current.set, set);
    else {
      if (current !== null) this.#sets.delete(current.set.number);
      this.relay.restart();
      this.#enterService(running);
    }
    this.failures.keepOnly(this.#sets);
    for (const id of set.ids) this.#createShard(running, id);
  }

  #enterService(running: RunningSet): void {
    this.#current = running;
    this.shards = running.shards;
  }

  #createShard(running: RunningSet, id: number): Shard | null {
    const { set, store, sessions } = running;
    const { optionsOf, emitter, logger, onRefused } = this.#deps;
    const ref = { set: set.number, id };
    this.failures.forget(ref);
    const session = sessions.get(id) ?? null;
    sessions.delete(id);
    try {
      const options = {
        ...optionsOf(id),
        id,
        total: set.total,
        session,
        ...(store !== null && { sessionStore: store }),
      };
      const shard = new Shard(options, { takesEarly: true });
      running.shards.set(id, shard);
      shard.on('transition', (record) => this.#onTransition(running, shard, record));
      shard.on('fatal', (error) => {
        onRefused(error);
        if (running.shards.get(id) !== shard) return;
        this.failures.add(ref, error.message, error);
        this.#send({ type: 'shard.down', ...ref });
      });
      this.relay.attach(shard, set);
      emitter.emit('shard', shard, id);
      return shard;
    } catch (error) {
      // Options are read when a shard is created, and may have changed since they were checked.
      logger.error(`shard ${id} cannot be created: ${messageOf(error)}`);
      if (error instanceof ShardError) this.failures.add(ref, error.message, error);
      return null;
    }
  }

  #onTransition(running: RunningSet, shard: Shard, { from, to, decision }: TransitionRecord): void {
    // Another shard may have taken this one's place, and reports for itself.
    if (from === to || running.shards.get(shard.id) !== shard) return;
    const ref = { set: running.set.number, id: shard.id };
    if (from === 'Connecting') this.#send({ type: 'shard.opened', ...ref });
    if (from === 'Connecting' && to === 'Disconnected') this.#deps.onUnreachable();
    if (from === 'Connected') this.#send({ type: 'shard.left', ...ref });
    if (to === 'Connected') this.#send({ type: 'shard.up', ...ref });
    if (to !== 'Offline') return;
    // For a shard that was refused for good, `fatal` follows with the error.
    this.failures.add(ref, decision?.reason ?? 'closed');
    this.#send({ type: 'shard.down', ...ref });
  }

  #connect(ref: ShardRef): void {
    const running = this.#sets.get(ref.set);
    if (running === undefined) return;
    const known = running.shards.get(ref.id);
    if (known !== undefined && running.store === null) running.sessions.set(ref.id, known.session);
    const shard = known === undefined || hasEnded(known) ? this.#replace(running, ref.id, known) : known;
    if (shard === null) return this.#send({ type: 'shard.down', ...ref });
    shard.connect().catch(() => {
      // A listener may have shut the shard down before it could connect: then no transition reports it.
      const isCurrent = running.shards.get(ref.id) === shard;
      if (isCurrent && shard.state === 'Offline') this.#send({ type: 'shard.down', ...ref });
    });
  }

  #replace(running: RunningSet, id: number, ended: Shard | undefined): Shard | null {
    if (ended !== undefined) {
      this.relay.detach(ended);
      running.shards.delete(id);
      void ended.shutdown();
    }
    return this.#createShard(running, id);
  }

  async #close(ref: ShardRef, { code, reason }: { code: number; reason: string }, isAbort: boolean): Promise<void> {
    const running = this.#sets.get(ref.set);
    const shard = running?.shards.get(ref.id);
    if (running !== undefined && shard !== undefined) {
      try {
        if (isAbort) {
          shard.forceClose(code);
          // The place is free at once for another shard of this id.
          this.#remove(running, shard);
        }
        await shard.shutdown({ code, reason });
      } catch (error) {
        this.#deps.logger.error(`shard ${ref.id} could not be closed: ${messageOf(error)}`);
      }
      this.#remove(running, shard);
    }
    await this.#adopting;
    this.#send({ type: 'shard.gone', ...ref });
  }

  #remove(running: RunningSet, shard: Shard): void {
    const { set, shards, store, sessions } = running;
    if (shards.get(shard.id) !== shard) return;
    if (store === null) sessions.set(shard.id, shard.session);
    if (running === this.#current) this.#remember(set.total, shard);
    this.relay.detach(shard);
    shards.delete(shard.id);
    // The set in service may get other shards next.
    if (shards.size > 0 || running === this.#current) return;
    this.#sets.delete(set.number);
    this.relay.end();
  }

  #remember(total: number, { id, session }: Shard): void {
    if (this.left.total !== total) this.left.sessions.clear();
    this.left.total = total;
    this.left.sessions.set(id, session);
  }

  #serve(number: number): void {
    const next = this.#sets.get(number);
    const current = this.#current;
    if (next === undefined || current === null) return;
    this.#enterService(next);
    current.store?.close();
    this.#adopting = this.#adoptStore(next);
    this.relay.switchOver();
  }

  /** The session store belongs to this set from now on. Never rejects. */
  async #adoptStore({ set, shards, store: own }: RunningSet): Promise<void> {
    const { store, logger } = this.#deps;
    if (store === undefined || own === null) return;
    const all = [...shards.values()];
    const stored = (id: number, session: Session): StoredSession => {
      const intents = sumOfIntents(this.#deps.optionsOf(id).intents);
      return { ...session, identifiedAs: identityOf(intents, id, set.total) };
    };
    const adopt = async () => {
      await store.setTotal?.(set.total);
      own.open();
      await Promise.all(
        all.map(({ id, session }) => (session === null ? store.delete(id) : store.set(id, stored(id, session)))),
      );
    };
    try {
      await within(STORE_LIMIT_MS, adopt());
    } catch (error) {
      own.open();
      logger.error(
        `the session store did not take the sessions of the new set; they are written again with the next heartbeats: ${messageOf(error)}`,
      );
    }
  }

  /** Deletes the sessions that `close` kept. */
  async forgetSessions(): Promise<void> {
    const { store, logger } = this.#deps;
    const ids = [...this.left.sessions.keys()];
    this.left.sessions.clear();
    try {
      await within(STORE_LIMIT_MS, Promise.all(ids.map((id) => store?.delete(id))));
    } catch (error) {
      logger.error(`the session store did not delete the sessions that close() kept: ${messageOf(error)}`);
    }
  }

  #shard({ set, id }: ShardRef): Shard | undefined {
    return this.#sets.get(set)?.shards.get(id);
  }
}

/** True for a shard that cannot connect again: its chart has ended. */
const hasEnded = ({ actor }: Shard) => {
  const snapshot = actor.getSnapshot();
  return (
    snapshot.status !== 'active' || snapshot.matches({ Offline: 'stopped' }) || snapshot.matches({ Offline: 'fatal' })
  );
};
