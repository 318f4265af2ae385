import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { ShardSet } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { ShardEvents, TransitionRecord } from '../shard/events.js';
import type { Shard } from '../shard/shard.js';
import type { ManagerEvents } from './events.js';
import { HandOver } from './handOver.js';

type Name = keyof ShardEvents;

/** Second names that a manager has for an event of its shards. */
const ALIASES: { readonly [Event in Name]?: 'event' | 'close' | 'error' } = {
  dispatch: 'event',
  disconnected: 'close',
  fatal: 'error',
};

/** The shards' name of a manager's event; null for an event that no shard has. */
export function shardEventOf(name: keyof ManagerEvents): Name | null {
  if (name === 'shard' || name === 'connect' || name === 'exhausted' || name === 'renewed') return null;
  const alias = Object.entries(ALIASES).find(([, other]) => other === name);
  return (alias?.[0] ?? name) as Name;
}

/** Events of a session. Only the set in service delivers them: shards of another set have the same ids. */
const SESSION_EVENTS: ReadonlySet<Name> = new Set<Name>(['disconnected', 'raw', 'ready', 'resumed']);

/** Events of a shard itself. Both sets deliver them. */
const SHARD_EVENTS: ReadonlySet<Name> = new Set<Name>([
  'debug',
  'fatal',
  'heartbeat',
  'hello',
  'malformed',
  'quiet',
  'transition',
]);

interface Member {
  readonly set: number;
  readonly shard: Shard;
  readonly listeners: Map<Name, (value: never) => void>;
}

/** The time in which two sets of shards are connected at once. */
interface Overlap {
  readonly handOver: HandOver;
  readonly sweeping: NodeJS.Timeout;
  /** READY of the next set's shards, for the moment when they enter service. */
  readonly readies: Map<number, GatewayReadyDispatchData>;
  /** Number of the next set. */
  readonly next: number;
  isSwitched: boolean;
}

const SWEEP_MS = 1_000;

/** Time after the end of one set in which the other may still bring copies of its events, or replay missed ones. */
const LINGER_MS = 10_000;

/**
 * Hands the events of the shards to the manager's listeners. The relay listens to a shard only for the events that the
 * manager has listeners for: a shard does not parse an event without a listener.
 */
export class EventRelay {
  readonly #emitter: Emitter<ManagerEvents>;
  readonly #members = new Map<Shard, Member>();
  readonly #names = new Set<Name>();
  #overlap: Overlap | null = null;

  constructor(emitter: Emitter<ManagerEvents>) {
    this.#emitter = emitter;
  }

  /** Relays this event from now on. */
  watch(name: Name): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    for (const member of this.#members.values()) this.#listen(member, name);
  }

  /** Stops relaying an event that has no listener any more. */
  unwatch(name: Name): void {
    this.#names.delete(name);
    for (const { shard, listeners } of this.#members.values()) {
      const listener = listeners.get(name);
      if (listener !== undefined) shard.off(name, listener as never);
      listeners.delete(name);
    }
  }

  attach(shard: Shard, { number: set }: ShardSet): void {
    const member: Member = { set, shard, listeners: new Map() };
    this.#members.set(shard, member);
    shard.on('transition', (record) => this.#onTransition(member, record));
    shard.on('ready', (data) => this.#onReady(member, data));
    for (const name of this.#names) this.#listen(member, name);
  }

  detach(shard: Shard): void {
    this.#members.delete(shard);
  }

  /** The next set comes up beside the current one. */
  begin(current: ShardSet, next: ShardSet): void {
    this.restart();
    const handOver = new HandOver({
      deliver: (name, value, shardId) => this.#emit(name as Name, value as never, shardId),
      currentTotal: current.total,
      nextTotal: next.total,
      nowMs: () => performance.now(),
    });
    const sweeping = setInterval(() => handOver.sweep(), SWEEP_MS).unref();
    this.#overlap = { handOver, sweeping, readies: new Map(), next: next.number, isSwitched: false };
  }

  /** The next set is in service from now on. */
  switchOver(): void {
    const overlap = this.#overlap;
    if (overlap === null) return;
    overlap.isSwitched = true;
    // The last shard to connect is not among them: its own `connect` and `ready` follow.
    for (const [id, ready] of [...overlap.readies].toSorted(([one], [other]) => one - other)) {
      this.#emitter.emit('connect', { resumed: false }, id);
      this.#emitter.emit('ready', ready, id);
    }
    overlap.handOver.switchOver();
  }

  /** A first set begins: there is only one set of shards. */
  restart(): void {
    if (this.#overlap !== null) this.#forget(this.#overlap);
  }

  /** One of the two sets is gone. */
  end(): void {
    const overlap = this.#overlap;
    if (overlap === null) return;
    setTimeout(() => this.#forget(overlap), LINGER_MS).unref();
  }

  #forget(overlap: Overlap): void {
    clearInterval(overlap.sweeping);
    if (this.#overlap === overlap) this.#overlap = null;
  }

  #listen(member: Member, name: Name): void {
    const { shard } = member;
    const listener = this.#listenerOf(member, name);
    member.listeners.set(name, listener);
    shard.on(name, listener as never);
  }

  #listenerOf(member: Member, name: Name): (value: never) => void {
    const { id } = member.shard;
    if (SHARD_EVENTS.has(name)) return (value) => this.#emit(name, value, id);
    if (SESSION_EVENTS.has(name)) {
      return (value) => {
        if (this.#isInService(member)) this.#emit(name, value, id);
      };
    }
    // The hot path: one set alone has no copies to look for.
    return (value) => {
      if (this.#overlap === null) return this.#emit(name, value, id);
      const { handOver, next } = this.#overlap;
      return member.set === next ? handOver.onNextEvent(name, value, id) : handOver.onCurrentEvent(name, value, id);
    };
  }

  #emit(name: Name, value: never, shardId: number): void {
    const alias = ALIASES[name];
    // The last listener was added with `once`.
    if (!this.#emitter.has(name) && (alias === undefined || !this.#emitter.has(alias))) return this.unwatch(name);
    this.#emitter.emit(name, value, shardId);
    if (alias !== undefined) this.#emitter.emit(alias, value, shardId);
  }

  #isInService({ set }: Member): boolean {
    return this.#overlap === null || (set === this.#overlap.next) === this.#overlap.isSwitched;
  }

  #onTransition(member: Member, { from, to, event }: TransitionRecord): void {
    if (from === to || to !== 'Connected' || !this.#isInService(member)) return;
    this.#emitter.emit('connect', { resumed: event.type === 'gateway.resumed' }, member.shard.id);
  }

  #onReady({ set, shard }: Member, data: GatewayReadyDispatchData): void {
    if (this.#overlap?.next !== set) return;
    const guilds: unknown = (data as { guilds?: unknown } | null)?.guilds;
    const ids = Array.isArray(guilds) ? guilds.map((guild: { id?: unknown } | null) => guild?.id) : [];
    this.#overlap.handOver.onSessionBegun(
      shard.id,
      ids.filter((id) => typeof id === 'string'),
    );
    if (!this.#overlap.isSwitched) this.#overlap.readies.set(shard.id, data);
  }
}
