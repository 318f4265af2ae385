import { shardIdFor } from '../protocol/sharding.js';
import {
  gatewayEvent,
  guildOf,
  identityOf,
  isAnswer,
  isSessionEvent,
  type EventIdentity,
  type GatewayEvent,
} from './eventIdentity.js';

/** Hands an event to the listeners: the name they listen to, the value, and the id of the shard. */
export type Deliver = (name: string, value: unknown, shardId: number) => void;

export interface HandOverDeps {
  readonly deliver: Deliver;
  /** Total of the set in service when the hand-over begins. */
  readonly currentTotal: number;
  /** Total of the set that takes its place. */
  readonly nextTotal: number;
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number;
}

/** Time the current set has to bring an event of the next set; after it a next shard is level with the current one. */
const HOLD_MS = 10_000;
/** Age at which an unmatched event is forgotten: the other set no longer brings a copy. */
const FORGET_MS = 60_000;
/** Longest expected time to READY: a session receives events from a moment before its READY arrives here. */
const READY_MS = 5_000;
/** Events younger than this are remembered although the other set seems to be past them: it may bring them out of order. */
const OUT_OF_ORDER_MS = 1_000;
const MAX_HELD = 100_000;

type Side = 'current' | 'next';

/** Events that both sets bring in the same order: those of a guild, or those without a guild of the shards of one id. */
interface OrderedEvents {
  readonly orderKey: string;
  /** The shards that listeners are given as the event's. */
  readonly currentShard: number;
  readonly nextShard: number;
  /** The shard of the next set that receives them. */
  readonly source: number;
  readonly unmatched: Readonly<Record<Side, Set<Unmatched>>>;
}

/** An event that only one set has brought so far. */
interface Unmatched {
  readonly identity: string;
  readonly side: Side;
  readonly events: OrderedEvents;
  readonly atMs: number;
  /** The event while it is held for the current set; null once it was delivered. */
  held: { readonly name: string; readonly value: unknown; readonly shardId: number } | null;
}

/**
 * Merges the events of two sets of shards that are connected at once into one stream: each event once, in order per guild.
 *
 * ```
 *                                  switchOver()
 *                                       |
 *   current set   A   B   C       E     |     F
 *   next set              C   D   E  F  |        G
 *   delivered     A   B   C   D   E     |  F     G
 * ```
 * - C and E match: both sets brought them. They are delivered when the current set brings them.
 * - D is unmatched, and held for the current set. E shows that the current set does not bring D any more, because D stood
 *   before it; D is delivered first. Without E it is delivered 10 s after it came.
 * - F is held until `switchOver()`, and delivered then. The current set's copy is dropped.
 * - G comes after `switchOver()`: from now on whichever set has an event first delivers it.
 *
 * The k-th event of an identity on one set matches the k-th on the other. An event that every shard of a set receives, as
 * USER_UPDATE, is delivered as often as the larger set receives it. A hand-over is kept until the next set has brought
 * everything that the current set brought last.
 *
 * Limits of what can be known:
 * - When a session began: events that the current set brought in the 5 s before READY of a next shard count as received by
 *   that shard too. They are delivered twice if READY took longer.
 * - Which of two events with the same content and no id is which: one that the next shard never received passes for the copy
 *   of a later one. The current set then delivers that one; it is lost if the current set is gone, unless 60 s have passed
 *   or an event with an id has come on both sets in that guild.
 * - Whether a shard that is away comes back: events it replays after more than 60 s are delivered twice.
 * - Which events to wait for: an event is delivered after a newer one if a current shard was away while the next one began,
 *   and replays that time after 10 s or after `switchOver()`, or if a next shard loses its session after `switchOver()`.
 */
export class HandOver {
  readonly #deps: HandOverDeps;
  readonly #begunAtMs = new Map<number, number>();
  /** Guilds whose first GUILD_CREATE has not come, by next shard and the name listened to. */
  readonly #firstGuilds = new Map<number, Readonly<Record<'dispatch' | 'GUILD_CREATE', Set<string>>>>();
  /** The newest READY of each next shard, by the name listened to. */
  readonly #readies = new Map<number, Map<string, unknown>>();
  readonly #byOrderKey = new Map<string, OrderedEvents>();
  /** All of an identity are of one side, for the first of the other side takes one away. */
  readonly #byIdentity = new Map<string, Set<Unmatched>>();
  /** Both in order of arrival. */
  readonly #unmatched = new Set<Unmatched>();
  readonly #held = new Set<Unmatched>();
  #isSwitched = false;
  #matches = 0;

  constructor(deps: HandOverDeps) {
    this.#deps = deps;
  }

  /** How many events both sets brought. */
  get matches(): number {
    return this.#matches;
  }

  /**
   * A session of a next shard has begun: from now on the shard receives the same events as the current set. `guildIds` are
   * the guilds of READY, whose first GUILD_CREATE is no news.
   */
  onSessionBegun(shardId: number, guildIds: readonly string[]): void {
    const nowMs = this.#deps.nowMs();
    this.#begunAtMs.set(shardId, nowMs);
    this.#firstGuilds.set(shardId, { dispatch: new Set(guildIds), GUILD_CREATE: new Set(guildIds) });
    for (const { source, unmatched } of this.#byOrderKey.values()) {
      if (source === shardId) this.#forgetUntil(nowMs - READY_MS, unmatched.current);
    }
  }

  onCurrentEvent(name: string, value: unknown, shardId: number): void {
    const event = gatewayEvent(name, value);
    if (isSessionEvent(event)) {
      if (!this.#isSwitched) this.#deps.deliver(name, value, shardId);
      return;
    }
    const events = this.#orderedEvents(event, shardId);
    const deliverAs = this.#isSwitched ? events.nextShard : shardId;
    if (isAnswer(event)) return this.#deps.deliver(name, value, deliverAs);

    const { identity, isUnique } = identityOf(name, event, events.orderKey);
    const match = this.#takeMatch(identity, 'next');
    if (match === undefined) {
      // A next shard that is level with this one does not have the event, so this one is past all that is held for it.
      if (this.#isLevel(events)) this.#deliverHeld(events);
      this.#remember({ identity, side: 'current', events, held: null });
    } else {
      if (isUnique || this.#isLevel(events)) this.#deliverHeld(events, match);
      if (isUnique) this.#forgetPassed(events, match);
      this.#forget(match);
      if (match.held === null) return;
    }
    this.#deps.deliver(name, value, deliverAs);
  }

  onNextEvent(name: string, value: unknown, shardId: number): void {
    const event = gatewayEvent(name, value);
    if (isSessionEvent(event)) return this.#onNextSession(name, value, shardId, event.t === 'READY');
    if (this.#isFirstGuildCreate(name, event, shardId)) return;
    const events = this.#orderedEvents(event, shardId);
    if (isAnswer(event)) return this.#deps.deliver(name, value, this.#isSwitched ? shardId : events.currentShard);

    const { identity, isUnique } = identityOf(name, event, events.orderKey);
    const match = this.#takeMatch(identity, 'current');
    if (match !== undefined) {
      // The current set has brought this one already, so it is past all that is held for it.
      if (isUnique) {
        this.#deliverHeld(events);
        this.#forgetPassed(events, match);
      }
      return this.#forget(match);
    }
    this.#remember({ identity, side: 'next', events, held: this.#isSwitched ? null : { name, value, shardId } });
    if (this.#isSwitched) this.#deps.deliver(name, value, shardId);
  }

  /** The next set is in service from now on. */
  switchOver(): void {
    this.#isSwitched = true;
    for (const [shardId, values] of [...this.#readies].toSorted(([one], [other]) => one - other)) {
      for (const [name, value] of values) this.#deps.deliver(name, value, shardId);
    }
    this.#readies.clear();
    for (const unmatched of this.#held) this.#deliver(unmatched);
  }

  /** Delivers events that were held for 10 s, and forgets events whose copy no longer comes. Called about once a second. */
  sweep(): void {
    const nowMs = this.#deps.nowMs();
    for (const unmatched of this.#held) {
      if (nowMs - unmatched.atMs < HOLD_MS) break;
      this.#deliver(unmatched);
    }
    this.#forgetUntil(nowMs - FORGET_MS, this.#unmatched);
    for (const unmatched of this.#unmatched) {
      if (nowMs - unmatched.atMs < READY_MS) break;
      if (!this.#begunAtMs.has(unmatched.events.source)) this.#forget(unmatched);
    }
  }

  #onNextSession(name: string, value: unknown, shardId: number, isReady: boolean): void {
    if (this.#isSwitched) return this.#deps.deliver(name, value, shardId);
    if (!isReady) return;
    const values = this.#readies.get(shardId) ?? new Map<string, unknown>();
    this.#readies.set(shardId, values.set(name, value));
  }

  /** True for the GUILD_CREATE that follows READY for each of its guilds. */
  #isFirstGuildCreate(name: string, { t, d }: GatewayEvent, shardId: number): boolean {
    const guildId = d['id'];
    const first = this.#firstGuilds.get(shardId);
    if (first === undefined || typeof guildId !== 'string') return false;
    if (t === 'GUILD_CREATE') return first[name === 'dispatch' ? 'dispatch' : 'GUILD_CREATE'].delete(guildId);
    // The guild is gone, by an outage or because the bot left it: its next GUILD_CREATE is news.
    if (t === 'GUILD_DELETE') Object.values(first).forEach((guilds) => guilds.delete(guildId));
    return false;
  }

  #orderedEvents(event: GatewayEvent, shardId: number): OrderedEvents {
    const guildId = guildOf(event);
    const orderKey = guildId ?? `shard ${shardId}`;
    const known = this.#byOrderKey.get(orderKey);
    if (known !== undefined) return known;
    const shardOf = (total: number) => (guildId === null ? 0 : shardIdFor(guildId, total));
    const nextShard = shardOf(this.#deps.nextTotal);
    return {
      orderKey,
      currentShard: shardOf(this.#deps.currentTotal),
      nextShard,
      source: guildId === null ? shardId : nextShard,
      unmatched: { current: new Set(), next: new Set() },
    };
  }

  /** True once everything the current set brings happened after the next shard's session began. */
  #isLevel({ source }: OrderedEvents): boolean {
    return this.#deps.nowMs() - (this.#begunAtMs.get(source) ?? Infinity) >= HOLD_MS;
  }

  /** The oldest event of this identity that only this side had, now that the other side has it too. */
  #takeMatch(identity: EventIdentity['identity'], side: Side): Unmatched | undefined {
    const match = this.#byIdentity.get(identity)?.values().next().value;
    if (match?.side !== side) return undefined;
    this.#matches += 1;
    // No longer held, but it stays in the order of its key until the caller has used its place there.
    this.#held.delete(match);
    return match;
  }

  #remember(arrived: Omit<Unmatched, 'atMs'>): void {
    const unmatched: Unmatched = { ...arrived, atMs: this.#deps.nowMs() };
    const { identity, side, events, held } = unmatched;
    this.#byOrderKey.set(events.orderKey, events);
    events.unmatched[side].add(unmatched);
    this.#unmatched.add(unmatched);
    this.#byIdentity.set(identity, (this.#byIdentity.get(identity) ?? new Set()).add(unmatched));
    if (held === null) return;
    this.#held.add(unmatched);
    for (const oldest of this.#held) {
      if (this.#held.size <= MAX_HELD) break;
      this.#deliver(oldest);
    }
  }

  #forget(unmatched: Unmatched): void {
    const { identity, side, events } = unmatched;
    this.#unmatched.delete(unmatched);
    this.#held.delete(unmatched);
    events.unmatched[side].delete(unmatched);
    if (events.unmatched.current.size + events.unmatched.next.size === 0) this.#byOrderKey.delete(events.orderKey);
    const same = this.#byIdentity.get(identity);
    same?.delete(unmatched);
    if (same?.size === 0) this.#byIdentity.delete(identity);
  }

  /** Forgets events that came until then, and stops before `end`. */
  #forgetUntil(atMs: number, all: Iterable<Unmatched>, end?: Unmatched): void {
    for (const unmatched of all) {
      if (unmatched === end || unmatched.atMs > atMs) break;
      this.#forget(unmatched);
    }
  }

  /** Delivers a held event, and remembers it as brought by the next set. */
  #deliver(unmatched: Unmatched): void {
    const { held, events } = unmatched;
    this.#held.delete(unmatched);
    unmatched.held = null;
    if (held !== null) {
      this.#deps.deliver(held.name, held.value, this.#isSwitched ? held.shardId : events.currentShard);
    }
  }

  /** Delivers the held events of an order key, and stops before `end`. */
  #deliverHeld({ unmatched }: OrderedEvents, end?: Unmatched): void {
    for (const each of unmatched.next) {
      if (each === end) break;
      this.#deliver(each);
    }
  }

  /** Forgets the events before a match: both sets are past it, so neither brings an event that stands before it. */
  #forgetPassed({ unmatched }: OrderedEvents, match: Unmatched): void {
    const untilMs = this.#deps.nowMs() - OUT_OF_ORDER_MS;
    this.#forgetUntil(untilMs, unmatched.current, match);
    this.#forgetUntil(untilMs, unmatched.next, match);
  }
}
