import { performance } from 'node:perf_hooks';
import type { GatewayReadyDispatchData } from 'discord-api-types/v10';
import type { ShardSet } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { ShardEvents, TransitionRecord } from '../shard/events.js';
import type { Shard } from '../shard/shard.js';
import type { ManagerEvents } from './events.js';
import { HandOver } from './handOver.js';

type Name = keyof ShardEvents;

/** Other names by which a manager tells an event of its shards. */
const ALIASES: { readonly [Event in Name]?: 'event' | 'close' | 'error' } = {
  dispatch: 'event',
  disconnected: 'close',
  fatal: 'error',
};

/** The shards' name for an event of the manager's; null for its own. */
export function shardEventOf(name: keyof ManagerEvents): Name | null {
  if (name === 'shard' || name === 'connect' || name === 'exhausted' || name === 'renewed') return null;
  const alias = Object.entries(ALIASES).find(([, other]) => other === name);
  return (alias?.[0] ?? name) as Name;
}

/** Belong to a session, so that those of a set that is not in service are nobody's business: its ids are others'. */
const OF_A_SESSION: ReadonlySet<Name> = new Set<Name>(['disconnected', 'raw', 'ready', 'resumed']);

/** Told of both sets: they are what a shard does, not what the world does. */
const OF_A_SHARD: ReadonlySet<Name> = new Set<Name>(['debug', 'fatal', 'heartbeat', 'malformed', 'transition']);

interface Member {
  readonly set: number;
  readonly shard: Shard;
  readonly listeners: Map<Name, (value: never) => void>;
}

/** Two sets at once. */
interface Overlap {
  readonly handOver: HandOver;
  readonly sweeping: NodeJS.Timeout;
  /** READY of the new shards, for when they are in service. */
  readonly readies: Map<number, GatewayReadyDispatchData>;
  readonly next: number;
  isSwitched: boolean;
}

const SWEEP_MS = 1_000;

/** How long after the end of one set the other may still bring what that one has told, or replay what it missed. */
const LINGER_MS = 10_000;

/**
 * Hands on to the manager's listeners what the shards tell. A shard is listened to for what somebody wants to hear of, and
 * for nothing else: what nobody listens to is not parsed.
 */
export class Relay {
  readonly #emitter: Emitter<ManagerEvents>;
  readonly #members = new Map<Shard, Member>();
  readonly #names = new Set<Name>();
  #overlap: Overlap | null = null;

  constructor(emitter: Emitter<ManagerEvents>) {
    this.#emitter = emitter;
  }

  /** Somebody listens to this from now on. */
  watch(name: Name): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    for (const member of this.#members.values()) this.#listen(member, name);
  }

  /** Nobody listens to it any more. */
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
    shard.on('transition', (record) => this.#moved(member, record));
    shard.on('ready', (data) => this.#begun(member, data));
    for (const name of this.#names) this.#listen(member, name);
  }

  detach(shard: Shard): void {
    this.#members.delete(shard);
  }

  /** A second set comes up beside the first. */
  begin(before: ShardSet, next: ShardSet): void {
    this.restart();
    const handOver = new HandOver({
      deliver: (name, value, shardId) => this.#emit(name as Name, value as never, shardId),
      oldTotal: before.total,
      newTotal: next.total,
      nowMs: () => performance.now(),
    });
    const sweeping = setInterval(() => handOver.sweep(), SWEEP_MS).unref();
    this.#overlap = { handOver, sweeping, readies: new Map(), next: next.number, isSwitched: false };
  }

  /** The second set is in service from now on. */
  switchOver(): void {
    const overlap = this.#overlap;
    if (overlap === null) return;
    overlap.isSwitched = true;
    // The shard with which the set is whole has yet to tell of itself.
    for (const [id, ready] of [...overlap.readies].toSorted(([one], [other]) => one - other)) {
      this.#emitter.emit('connect', { resumed: false }, id);
      this.#emitter.emit('ready', ready, id);
    }
    overlap.handOver.switchOver();
  }

  /** There is one set, and it begins. */
  restart(): void {
    if (this.#overlap !== null) this.#forget(this.#overlap);
  }

  /** One of the sets is gone. */
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
    if (OF_A_SHARD.has(name)) return (value) => this.#emit(name, value, id);
    if (OF_A_SESSION.has(name)) {
      return (value) => {
        if (this.#isInService(member)) this.#emit(name, value, id);
      };
    }
    // The hot path: with one set there is nothing to be decided.
    return (value) => {
      if (this.#overlap === null) return this.#emit(name, value, id);
      const { handOver, next } = this.#overlap;
      return member.set === next ? handOver.fromNew(name, value, id) : handOver.fromOld(name, value, id);
    };
  }

  #emit(name: Name, value: never, shardId: number): void {
    const alias = ALIASES[name];
    // The last who listened did so once.
    if (!this.#emitter.has(name) && (alias === undefined || !this.#emitter.has(alias))) return this.unwatch(name);
    this.#emitter.emit(name, value, shardId);
    if (alias !== undefined) this.#emitter.emit(alias, value, shardId);
  }

  #isInService({ set }: Member): boolean {
    return this.#overlap === null || (set === this.#overlap.next) === this.#overlap.isSwitched;
  }

  #moved(member: Member, { from, to, event }: TransitionRecord): void {
    if (from === to || to !== 'Connected' || !this.#isInService(member)) return;
    this.#emitter.emit('connect', { resumed: event.type === 'gateway.resumed' }, member.shard.id);
  }

  #begun({ set, shard }: Member, data: GatewayReadyDispatchData): void {
    if (this.#overlap?.next !== set) return;
    const guilds: unknown = (data as { guilds?: unknown } | null)?.guilds;
    const ids = Array.isArray(guilds) ? guilds.map((guild: { id?: unknown } | null) => guild?.id) : [];
    this.#overlap.handOver.begun(
      shard.id,
      ids.filter((id) => typeof id === 'string'),
    );
    if (!this.#overlap.isSwitched) this.#overlap.readies.set(shard.id, data);
  }
}
