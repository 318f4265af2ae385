import { fromCallback, type EventObject } from 'xstate';
import type { FleetCommand, FleetReport, ShardRef, ShardSet } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { TransitionRecord } from '../shard/events.js';
import type { Logger } from '../util/logger.js';
import { ShardError, type FatalShardError } from '../util/errors.js';
import type { Session } from '../protocol/session.js';
import type { SessionStore } from '../sessions/sessionStore.js';
import { createShard, type Shard } from '../shard/shard.js';
import type { ShardOptions } from '../shard/options.js';
import { within } from '../util/within.js';
import type { ManagerEvents } from './events.js';
import { Failures } from './failures.js';
import { Relay } from './eventRelay.js';
import { SetStore } from './setStore.js';

export interface FleetParts {
  readonly emitter: Emitter<ManagerEvents>;
  readonly logger: Logger;
  readonly store: SessionStore | undefined;
  /** A shard was refused for good. */
  readonly refused: (error: FatalShardError) => void;
  /** What a shard is made with, but for what is the set's to say. */
  readonly optionsOf: (shardId: number) => Omit<ShardOptions, 'total' | 'session' | 'sessionStore'>;
  /** What the shards of a new set resume. */
  readonly sessions: () => ReadonlyMap<number, Session | null>;
}

/** A set with its shards. */
interface Squad {
  readonly set: ShardSet;
  readonly shards: Map<number, Shard>;
  readonly store: SetStore | null;
  /** What the next shard of an id resumes, once: its store, where there is one, has what comes later. */
  readonly sessions: Map<number, Session | null>;
}

/** How long the store may take. */
const STORE_LIMIT_MS = 10_000;

type Tell = (report: FleetReport) => void;

/** The shards: makes them, does with them what the manager's chart says, and reports what becomes of them. */
export class Fleet {
  /** Those in service, by id. */
  shards: ReadonlyMap<number, Shard> = new Map<number, Shard>();
  /** The set in service, or while there is none the one that was: whoever connects again wants it back. */
  lastServed: ShardSet | null = null;
  /** What the set that went down last has left, for the next one of its total. */
  readonly left = { total: 0, sessions: new Map<number, Session | null>() };
  readonly relay: Relay;
  readonly #parts: FleetParts;
  readonly #squads = new Map<number, Squad>();
  readonly failures = new Failures();
  #service: Squad | null = null;
  /** The store is told the sessions of a new set. */
  #adopting: Promise<void> = Promise.resolve();
  #tell: Tell = () => {};

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.relay = new Relay(parts.emitter);
  }

  /** Those that are not in service: they come up or go down while the bot is resharded. */
  get others(): Shard[] {
    const squads = [...this.#squads.values()].filter((squad) => squad !== this.#service);
    return squads.flatMap(({ shards }) => Array.from(shards.values()));
  }

  logic() {
    return fromCallback<FleetCommand, undefined, FleetReport & EventObject>(({ sendBack, receive }) => {
      this.#tell = sendBack;
      receive((command) => {
        // A throw here would stop this actor, and leave the shards to nobody.
        try {
          this.#obey(command);
        } catch (error) {
          this.#parts.logger.error(`${command.type} failed, which is a bug in shardchart: ${String(error)}`);
        }
      });
      return () => {
        for (const { shards } of this.#squads.values()) for (const shard of shards.values()) shard.forceClose();
      };
    });
  }

  #obey(command: FleetCommand): void {
    switch (command.type) {
      case 'set.create':
        return this.#create(command.set);
      case 'set.serve':
        return this.#serve(command.set);
      case 'shard.connect':
        return this.#connect(command.ref);
      case 'shard.restart': {
        const shard = this.#shard(command.ref);
        // How it ends is told by its transitions.
        void (command.newSession ? shard?.reinstantiate() : shard?.reconnect());
        return undefined;
      }
      case 'shard.close':
      case 'shard.abort':
        void this.#close(command.ref, command, command.type === 'shard.abort');
    }
  }

  #create(set: ShardSet): void {
    const { store } = this.#parts;
    const before = this.#service;
    const isFirst = before === null || before.shards.size === 0;
    const sessions = this.#parts.sessions();
    const squad: Squad = {
      set,
      shards: new Map(),
      store: store === undefined ? null : new SetStore(store, sessions, isFirst),
      sessions: new Map(sessions),
    };
    this.#squads.set(set.number, squad);
    if (!isFirst) this.relay.begin(before.set, set);
    else {
      if (before !== null) this.#squads.delete(before.set.number);
      this.relay.restart();
      this.#enterService(squad);
    }
    this.failures.keepOnly(this.#squads);
    for (const id of set.ids) this.#make(squad, id);
  }

  #enterService(squad: Squad): void {
    this.#service = squad;
    this.shards = squad.shards;
  }

  #make(squad: Squad, id: number): Shard | null {
    const { set, store, sessions } = squad;
    const { optionsOf, emitter, logger, refused } = this.#parts;
    const ref = { set: set.number, id };
    this.failures.forget(ref);
    const session = sessions.get(id) ?? null;
    sessions.delete(id);
    try {
      const shard = createShard({
        ...optionsOf(id),
        id,
        total: set.total,
        session,
        ...(store !== null && { sessionStore: store }),
      });
      squad.shards.set(id, shard);
      shard.on('transition', (record) => this.#moved(squad, shard, record));
      shard.on('fatal', (error) => {
        refused(error);
        if (squad.shards.get(id) !== shard) return;
        this.failures.note(ref, error.message, error);
        this.#tell({ type: 'shard.down', ...ref });
      });
      this.relay.attach(shard, set);
      emitter.emit('shard', shard, id);
      return shard;
    } catch (error) {
      // Options are read when a shard is made, and may have been changed since they were checked.
      logger.error(`shard ${id} cannot be made: ${String(error)}`);
      if (error instanceof ShardError) this.failures.note(ref, error.message, error);
      return null;
    }
  }

  #moved(squad: Squad, shard: Shard, { from, to, decision }: TransitionRecord): void {
    // Another may have taken its place, and tells for itself.
    if (from === to || squad.shards.get(shard.id) !== shard) return;
    const ref = { set: squad.set.number, id: shard.id };
    if (from === 'Connecting') this.#tell({ type: 'shard.opened', ...ref });
    if (from === 'Connected') this.#tell({ type: 'shard.left', ...ref });
    if (to === 'Connected') this.#tell({ type: 'shard.up', ...ref });
    if (to !== 'Offline') return;
    // Where it was refused for good, `fatal` follows with more.
    this.failures.note(ref, decision?.reason ?? 'closed');
    this.#tell({ type: 'shard.down', ...ref });
  }

  #connect(ref: ShardRef): void {
    const squad = this.#squads.get(ref.set);
    if (squad === undefined) return;
    const known = squad.shards.get(ref.id);
    if (known !== undefined && squad.store === null) squad.sessions.set(ref.id, known.session);
    const shard = known === undefined || isSpent(known) ? this.#replace(squad, ref.id, known) : known;
    if (shard === null) return this.#tell({ type: 'shard.down', ...ref });
    shard.connect().catch(() => {
      // A listener may have brought it down for good before it was told to connect: then it has no transition to tell of.
      const isCurrent = squad.shards.get(ref.id) === shard;
      if (isCurrent && shard.state === 'Offline') this.#tell({ type: 'shard.down', ...ref });
    });
  }

  #replace(squad: Squad, id: number, spent: Shard | undefined): Shard | null {
    if (spent !== undefined) {
      this.relay.detach(spent);
      squad.shards.delete(id);
      void spent.shutdown();
    }
    return this.#make(squad, id);
  }

  async #close(ref: ShardRef, { code, reason }: { code: number; reason: string }, isAbort: boolean): Promise<void> {
    const squad = this.#squads.get(ref.set);
    const shard = squad?.shards.get(ref.id);
    if (squad !== undefined && shard !== undefined) {
      try {
        if (isAbort) {
          shard.forceClose(code);
          // Its place is free at once, for another of its id.
          this.#remove(squad, shard);
        }
        await shard.shutdown({ code, reason });
      } catch (error) {
        this.#parts.logger.error(`shard ${ref.id} could not be closed: ${String(error)}`);
      }
      this.#remove(squad, shard);
    }
    await this.#adopting;
    this.#tell({ type: 'shard.gone', ...ref });
  }

  #remove(squad: Squad, shard: Shard): void {
    const { set, shards, store, sessions } = squad;
    if (shards.get(shard.id) !== shard) return;
    if (store === null) sessions.set(shard.id, shard.session);
    if (squad === this.#service) this.#remember(set.total, shard);
    this.relay.detach(shard);
    shards.delete(shard.id);
    // The set in service may be about to get others.
    if (shards.size > 0 || squad === this.#service) return;
    this.#squads.delete(set.number);
    this.relay.end();
  }

  #remember(total: number, { id, session }: Shard): void {
    if (this.left.total !== total) this.left.sessions.clear();
    this.left.total = total;
    this.left.sessions.set(id, session);
  }

  #serve(number: number): void {
    const squad = this.#squads.get(number);
    const before = this.#service;
    if (squad === undefined || before === null) return;
    this.#enterService(squad);
    before.store?.close();
    this.#adopting = this.#adoptStore(squad);
    this.relay.switchOver();
  }

  /** The store is the new set's from now on. Never rejects. */
  async #adoptStore({ set, shards, store: own }: Squad): Promise<void> {
    const { store, logger } = this.#parts;
    if (store === undefined || own === null) return;
    const all = [...shards.values()];
    const adopt = async () => {
      await store.setTotal?.(set.total);
      own.open();
      await Promise.all(all.map(({ id, session }) => (session === null ? store.delete(id) : store.set(id, session))));
    };
    try {
      await within(STORE_LIMIT_MS, adopt());
    } catch (error) {
      own.open();
      logger.error(`the session store could not take over the new set's sessions: ${String(error)}`);
    }
  }

  /** Sessions that were kept by `close` are to end after all. */
  async forgetSessions(): Promise<void> {
    const { store, logger } = this.#parts;
    const ids = [...this.left.sessions.keys()];
    this.left.sessions.clear();
    try {
      await within(STORE_LIMIT_MS, Promise.all(ids.map((id) => store?.delete(id))));
    } catch (error) {
      logger.error(`the session store could not forget sessions: ${String(error)}`);
    }
  }

  #shard({ set, id }: ShardRef): Shard | undefined {
    return this.#squads.get(set)?.shards.get(id);
  }
}

/** No shard can come up again once its chart has ended. */
const isSpent = ({ actor }: Shard) => {
  const snapshot = actor.getSnapshot();
  return (
    snapshot.status !== 'active' || snapshot.matches({ Offline: 'stopped' }) || snapshot.matches({ Offline: 'fatal' })
  );
};
