import type { TransitionRecord } from '../../shard/events.js';
import type { FleetMessage, ShardKey } from '../messages.js';
import { shownOf, stateIndex } from './views.js';
import { isManager, type WatchedManager, type WatchedShard } from './watched.js';

/** A shard among those that are watched. */
export interface Member {
  readonly shard: WatchedShard;
  /** Another for each, unlike its key. */
  readonly life: number;
  /** When it came into its state. */
  since: number;
}

export interface FleetParts {
  readonly moved: (member: Member, record: TransitionRecord) => void;
  readonly went: (member: Member) => void;
}

/** Between what may have ended a shard and a look at who is left. */
const LOOK_AFTER_MS = 1_000;

/** The shards there are, from their making to their end; listens to each. */
export class Fleet {
  /** Another after every change of who is here, or by which key. */
  version = 0;
  readonly #source: WatchedShard | WatchedManager;
  readonly #parts: FleetParts;
  readonly #joined = new Map<WatchedShard, { readonly member: Member; readonly stopListening: () => void }>();
  #members: ReadonlyMap<ShardKey, Member> = new Map();
  /** As they were at the last look. */
  #shards: ReadonlyMap<number, WatchedShard> | null = null;
  /** For a shard that has no manager. */
  readonly #alone: ReadonlyMap<number, WatchedShard>;
  #look: NodeJS.Timeout | null = null;
  #lives = 0;

  constructor(source: WatchedShard | WatchedManager, parts: FleetParts) {
    this.#source = source;
    this.#parts = parts;
    this.#alone = isManager(source) ? new Map() : new Map([[source.id, source]]);
    this.manager?.on('shard', this.#made);
    this.refresh();
  }

  get manager(): WatchedManager | null {
    return isManager(this.#source) ? this.#source : null;
  }

  get total(): number {
    return this.#source.total;
  }

  get members(): ReadonlyMap<ShardKey, Member> {
    return this.#members;
  }

  /** Looks at who is here now. It costs little where nothing has changed. */
  refresh(): void {
    const { shards = this.#alone, otherShards = [] } = this.manager ?? {};
    if (shards === this.#shards && shards.size + otherShards.length === this.#joined.size) return;
    this.#shards = shards;
    this.version += 1;
    const here = new Map<ShardKey, WatchedShard>(otherShards.map((shard) => [`+${shard.id}`, shard]));
    for (const [id, shard] of shards) here.set(`${id}`, shard);
    this.#members = new Map([...here].map(([key, shard]) => [key, this.#join(shard)]));
    const staying = new Set([...shards.values(), ...otherShards]);
    for (const shard of this.#joined.keys()) if (!staying.has(shard)) this.#leave(shard);
  }

  view(): FleetMessage['shards'] {
    return [...this.#members].map(([key, { shard, since }]) => ({
      key,
      id: shard.id,
      state: stateIndex(shownOf(shard)),
      since,
    }));
  }

  /** Leaves all shards as they were before. */
  stop(): void {
    this.manager?.off('shard', this.#made);
    if (this.#look !== null) clearTimeout(this.#look);
    for (const shard of this.#joined.keys()) this.#leave(shard);
    this.#members = new Map();
  }

  readonly #made = (shard: WatchedShard): void => {
    this.#join(shard);
    // It may have taken the place of another.
    this.#shards = null;
    this.#lookSoon();
  };

  #lookSoon(): void {
    this.#look ??= setTimeout(() => {
      this.#look = null;
      this.refresh();
    }, LOOK_AFTER_MS).unref();
  }

  #join(shard: WatchedShard): Member {
    const known = this.#joined.get(shard);
    if (known !== undefined) return known.member;
    const since = shard.history.findLast(({ from, to }) => from !== to)?.at ?? Date.now();
    const member: Member = { shard, life: ++this.#lives, since };
    const moved = (record: TransitionRecord) => {
      if (record.from !== record.to) member.since = record.at;
      // A manager tells of its shards' beginnings, not of their ends.
      if (record.to === 'Offline') this.#lookSoon();
      this.#parts.moved(member, record);
    };
    shard.on('transition', moved);
    this.#joined.set(shard, { member, stopListening: () => shard.off('transition', moved) });
    return member;
  }

  #leave(shard: WatchedShard): void {
    const left = this.#joined.get(shard);
    if (left === undefined) return;
    this.#joined.delete(shard);
    left.stopListening();
    this.#parts.went(left.member);
  }
}
