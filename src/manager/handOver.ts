import { createHash } from 'node:crypto';
import { isSnowflake, shardIdFor } from '../protocol/sharding.js';

/** What a listener is told: the name it listens to, the value, and the shard. */
export type Deliver = (name: string, value: unknown, shardId: number) => void;

export interface HandOverOptions {
  readonly deliver: Deliver;
  readonly oldTotal: number;
  readonly newTotal: number;
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number;
}

type Data = Readonly<Record<string, unknown>>;

const id = (d: Data) => d['id'];

/**
 * Where an event happens once in the life of an id: the id. All others are recognised by their content.
 *
 * See [Discord Docs/Gateway Events](https://docs.discord.com/developers/events/gateway-events#receive-events).
 */
const ONCE: ReadonlyMap<string, (d: Data) => unknown> = new Map([
  ['AUTO_MODERATION_RULE_CREATE', id],
  ['AUTO_MODERATION_RULE_DELETE', id],
  ['CHANNEL_CREATE', id],
  ['CHANNEL_DELETE', id],
  ['GUILD_AUDIT_LOG_ENTRY_CREATE', id],
  ['GUILD_ROLE_CREATE', (d) => asData(d['role'])['id']],
  ['GUILD_ROLE_DELETE', (d) => d['role_id']],
  ['GUILD_SCHEDULED_EVENT_CREATE', id],
  ['GUILD_SCHEDULED_EVENT_DELETE', id],
  ['GUILD_SOUNDBOARD_SOUND_CREATE', (d) => d['sound_id']],
  ['GUILD_SOUNDBOARD_SOUND_DELETE', (d) => d['sound_id']],
  ['INTERACTION_CREATE', id],
  ['MESSAGE_CREATE', id],
  ['MESSAGE_DELETE', id],
  ['STAGE_INSTANCE_CREATE', id],
  ['STAGE_INSTANCE_DELETE', id],
  // Without this mark the thread is an old one that the bot was let into, which can happen again.
  ['THREAD_CREATE', (d) => (d['newly_created'] === true ? d['id'] : undefined)],
]);

/** Belong to one session, and say nothing of the world. */
const OF_A_SESSION: ReadonlySet<string> = new Set(['READY', 'RESUMED']);

/** Go to the session that asked and to no other: never a double. */
const ANSWERS: ReadonlySet<string> = new Set([
  'CHANNEL_INFO',
  'GUILD_MEMBERS_CHUNK',
  'RATE_LIMITED',
  'SOUNDBOARD_SOUNDS',
]);

/** Their own id is the guild's. */
const OF_THE_GUILD_ITSELF: ReadonlySet<string> = new Set(['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']);

/** How long the old set has for what the new one has brought, and a new shard to be level with the old one. */
const WAIT_MS = 10_000;
/** After this the other set brings nothing any more. */
const FORGET_MS = 60_000;
/** How long READY may be under way: a session gets what happens from before we know of it. */
const BEGINNING_MS = 5_000;
/** What the other set has passed by is remembered this long nevertheless, should it have come out of turn. */
const OUT_OF_TURN_MS = 1_000;
const MAX_KEPT = 100_000;

type Side = 'old' | 'new';

/** The events whose order is one and the same in both sets: a guild's, or those without a guild of the shards of one id. */
interface Lane {
  readonly name: string;
  /** The shards listeners are told. */
  readonly oldShard: number;
  readonly newShard: number;
  /** The new shard they come from. */
  readonly source: number;
  readonly lone: Readonly<Record<Side, Set<Lone>>>;
}

/** What has come on one set only. */
interface Lone {
  readonly key: string;
  readonly side: Side;
  readonly lane: Lane;
  readonly atMs: number;
  /** What waits for the old set; null once it has been told. */
  kept: { readonly name: string; readonly value: unknown; readonly shardId: number } | null;
}

/**
 * Merges the events of two sets of shards that are connected at once into one stream: each event once, in order per guild.
 *
 * Until `switchOver()` the old set tells, and what it does not bring within 10 s of the new one comes from there; from then
 * on whichever set has an event first. The k-th event of a key on one set is the k-th on the other. What comes on every
 * shard of a set, as USER_UPDATE does, is told as often as by the larger set. Keep it until the new set has had what the
 * old one brought last.
 *
 * What it cannot know:
 * - When a session began: what the old set brought in the 5 s before the new shard's READY counts as had by that shard too.
 *   It is told twice if READY took longer.
 * - Which of two events with the same content and no id is which: one that the new shard never had passes for the double of
 *   the next. The old set then tells that one; it is lost if the old set is gone, unless 60 s have passed or an event with
 *   an id has come on both sets in that guild.
 * - Whether a set that is away comes back: what it replays after more than 60 s is told twice.
 * - What to wait for: events are told after newer ones if an old shard was away while the new one began, and replays that
 *   time after 10 s or after `switchOver()`, or if a new shard loses its session after `switchOver()`.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  readonly #begunAtMs = new Map<number, number>();
  /** Guilds whose first GUILD_CREATE has not come, by new shard and the name listened to. */
  readonly #firstGuilds = new Map<number, Readonly<Record<'dispatch' | 'GUILD_CREATE', Set<string>>>>();
  /** The newest READY of each new shard, by the name listened to. */
  readonly #readies = new Map<number, Map<string, unknown>>();
  readonly #lanes = new Map<string, Lane>();
  /** All of a key are of one side, for the first of the other takes one away. */
  readonly #byKey = new Map<string, Set<Lone>>();
  /** Both in order of arrival. */
  readonly #lone = new Set<Lone>();
  readonly #kept = new Set<Lone>();
  #isSwitched = false;
  #doubles = 0;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** How many were delivered once although both had them: for the tests and a line of log. */
  get doubles(): number {
    return this.#doubles;
  }

  /**
   * The session of a new shard has begun: from now on it receives what the old set does. `guildIds`: those of READY,
   * whose first GUILD_CREATE is no news.
   */
  begun(shardId: number, guildIds: readonly string[]): void {
    const nowMs = this.#options.nowMs();
    this.#begunAtMs.set(shardId, nowMs);
    this.#firstGuilds.set(shardId, { dispatch: new Set(guildIds), GUILD_CREATE: new Set(guildIds) });
    for (const lane of this.#lanes.values()) {
      if (lane.source === shardId) this.#forgetUntil(nowMs - BEGINNING_MS, lane.lone.old);
    }
  }

  fromOld(name: string, value: unknown, shardId: number): void {
    const { t, d } = payloadOf(name, value);
    if (OF_A_SESSION.has(t)) {
      if (!this.#isSwitched) this.#options.deliver(name, value, shardId);
      return;
    }
    const lane = this.#laneOf(t, d, shardId);
    const told = this.#isSwitched ? lane.newShard : shardId;
    if (ANSWERS.has(t)) return this.#options.deliver(name, value, told);

    const { key, isOnce } = identify(name, t, d, lane);
    const twin = this.#take(key, 'new');
    if (twin === undefined) {
      // Unknown to a new shard that is level with the old one: the old one has passed by all that waits for it.
      if (this.#isLevel(lane)) this.#tellKept(lane);
      this.#remember({ key, side: 'old', lane, kept: null });
    } else {
      if (isOnce || this.#isLevel(lane)) this.#tellKept(lane, twin);
      if (isOnce) this.#passBy(lane, twin);
      this.#forget(twin);
      if (twin.kept === null) return;
    }
    this.#options.deliver(name, value, told);
  }

  fromNew(name: string, value: unknown, shardId: number): void {
    const { t, d } = payloadOf(name, value);
    if (OF_A_SESSION.has(t)) return this.#sessionOfNew(name, value, shardId, t === 'READY');
    if (this.#isNoNews(name, t, d, shardId)) return;
    const lane = this.#laneOf(t, d, shardId);
    if (ANSWERS.has(t)) return this.#options.deliver(name, value, this.#isSwitched ? shardId : lane.oldShard);

    const { key, isOnce } = identify(name, t, d, lane);
    const twin = this.#take(key, 'old');
    if (twin !== undefined) {
      // The old set has had this one: it has passed by all that waits for it.
      if (isOnce) {
        this.#tellKept(lane);
        this.#passBy(lane, twin);
      }
      return this.#forget(twin);
    }
    this.#remember({ key, side: 'new', lane, kept: this.#isSwitched ? null : { name, value, shardId } });
    if (this.#isSwitched) this.#options.deliver(name, value, shardId);
  }

  /** The new set is in service from now on. */
  switchOver(): void {
    this.#isSwitched = true;
    for (const [shardId, values] of [...this.#readies].toSorted(([one], [other]) => one - other)) {
      for (const [name, value] of values) this.#options.deliver(name, value, shardId);
    }
    this.#readies.clear();
    for (const lone of this.#kept) this.#tell(lone);
  }

  /** Called about once a second: delivers what has waited too long for the old set, forgets what will never come twice. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    for (const lone of this.#kept) {
      if (nowMs - lone.atMs < WAIT_MS) break;
      this.#tell(lone);
    }
    this.#forgetUntil(nowMs - FORGET_MS, this.#lone);
    for (const lone of this.#lone) {
      if (nowMs - lone.atMs < BEGINNING_MS) break;
      if (!this.#begunAtMs.has(lone.lane.source)) this.#forget(lone);
    }
  }

  #sessionOfNew(name: string, value: unknown, shardId: number, isReady: boolean): void {
    if (this.#isSwitched) return this.#options.deliver(name, value, shardId);
    if (!isReady) return;
    const values = this.#readies.get(shardId) ?? new Map<string, unknown>();
    this.#readies.set(shardId, values.set(name, value));
  }

  /** Whether it is the GUILD_CREATE that follows READY for each of its guilds. */
  #isNoNews(name: string, t: string, d: Data, shardId: number): boolean {
    const guildId = d['id'];
    const first = this.#firstGuilds.get(shardId);
    if (first === undefined || typeof guildId !== 'string') return false;
    if (t === 'GUILD_CREATE') return first[name === 'dispatch' ? 'dispatch' : 'GUILD_CREATE'].delete(guildId);
    // It was there and is gone, by an outage or a kick: its next GUILD_CREATE is news.
    if (t === 'GUILD_DELETE') Object.values(first).forEach((guilds) => guilds.delete(guildId));
    return false;
  }

  #laneOf(t: string, d: Data, shardId: number): Lane {
    const guildId = d[OF_THE_GUILD_ITSELF.has(t) ? 'id' : 'guild_id'];
    const isGuild = isSnowflake(guildId);
    const name = isGuild ? guildId : `shard ${shardId}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const shardOf = (total: number) => (isGuild ? shardIdFor(guildId, total) : 0);
    const newShard = shardOf(this.#options.newTotal);
    return {
      name,
      oldShard: shardOf(this.#options.oldTotal),
      newShard,
      source: isGuild ? newShard : shardId,
      lone: { old: new Set(), new: new Set() },
    };
  }

  /** Whether all the old set brings now happened after the new shard's session began. */
  #isLevel({ source }: Lane): boolean {
    return this.#options.nowMs() - (this.#begunAtMs.get(source) ?? Infinity) >= WAIT_MS;
  }

  /** The first of this key that only this side has had, now that the other has it too. */
  #take(key: string, side: Side): Lone | undefined {
    const twin = this.#byKey.get(key)?.values().next().value;
    if (twin?.side !== side) return undefined;
    this.#doubles += 1;
    // Taken out of what may be told, while it still marks the place.
    this.#kept.delete(twin);
    return twin;
  }

  #remember(arrived: Omit<Lone, 'atMs'>): void {
    const lone: Lone = { ...arrived, atMs: this.#options.nowMs() };
    const { key, side, lane, kept } = lone;
    this.#lanes.set(lane.name, lane);
    lane.lone[side].add(lone);
    this.#lone.add(lone);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(lone));
    if (kept === null) return;
    this.#kept.add(lone);
    for (const oldest of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#tell(oldest);
    }
  }

  #forget(lone: Lone): void {
    const { key, side, lane } = lone;
    this.#lone.delete(lone);
    this.#kept.delete(lone);
    lane.lone[side].delete(lone);
    if (lane.lone.old.size + lane.lone.new.size === 0) this.#lanes.delete(lane.name);
    const same = this.#byKey.get(key);
    same?.delete(lone);
    if (same?.size === 0) this.#byKey.delete(key);
  }

  /** Forgets those that came until then, as far as this one. */
  #forgetUntil(atMs: number, lone: Iterable<Lone>, end?: Lone): void {
    for (const each of lone) {
      if (each === end || each.atMs > atMs) break;
      this.#forget(each);
    }
  }

  /** Tells a kept event, and remembers it as had by the new set. */
  #tell(lone: Lone): void {
    const { kept, lane } = lone;
    this.#kept.delete(lone);
    lone.kept = null;
    if (kept !== null) {
      this.#options.deliver(kept.name, kept.value, this.#isSwitched ? kept.shardId : lane.oldShard);
    }
  }

  /** Tells what is kept of a lane, up to this one. */
  #tellKept({ lone }: Lane, end?: Lone): void {
    for (const each of lone.new) {
      if (each === end) break;
      this.#tell(each);
    }
  }

  /** Both sets have had this event, so neither brings any more what is before it in the order of the other. */
  #passBy({ lone }: Lane, twin: Lone): void {
    const untilMs = this.#options.nowMs() - OUT_OF_TURN_MS;
    this.#forgetUntil(untilMs, lone.old, twin);
    this.#forgetUntil(untilMs, lone.new, twin);
  }
}

function asData(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {};
}

function payloadOf(name: string, value: unknown): { readonly t: string; readonly d: Data } {
  if (name !== 'dispatch') return { t: name, d: asData(value) };
  const { t, d } = asData(value);
  return { t: typeof t === 'string' ? t : '', d: asData(d) };
}

function identify(name: string, t: string, d: Data, lane: Lane): { readonly key: string; readonly isOnce: boolean } {
  const key = `${name} ${t} ${lane.name}`;
  // It shows a guild as it is when the session gets it: two sessions may see two members more or less.
  if (t === 'GUILD_CREATE') return { key, isOnce: false };
  const once = ONCE.get(t)?.(d);
  if (typeof once === 'string') return { key: `${key} ${once}`, isOnce: true };
  // A digest, for what waits may be large and many.
  const content = createHash('sha256').update(JSON.stringify(d)).digest('base64');
  return { key: `${key} = ${content}`, isOnce: false };
}
