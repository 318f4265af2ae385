import type { TransitionRecord } from '../../shard/events.js';
import type { FleetMessage, ShardKey } from '../messages.js';
import { shownOf, stateIndex } from './views.js';
import { isManager, type WatchedManager, type WatchedShard } from './watched.js';

/** A watched shard. */
export interface Member {
  readonly shard: WatchedShard;
  /** Differs for every shard, while keys are used again. */
  readonly life: number;
  /** Time of its last change of state. */
  since: number;
}

export interface WatchedFleetDeps {
  readonly onTransition: (member: Member, record: TransitionRecord) => void;
  readonly onLeave: (member: Member) => void;
}

/** Wait between a possible end of a shard and the next refresh. */
const REFRESH_AFTER_MS = 1_000;

/** The shards of a source. Listens to each of them from its creation to its end. */
export class WatchedFleet {
  /** Changes whenever a shard joins, leaves or gets another key. */
  version = 0;
  readonly #source: WatchedShard | WatchedManager;
  readonly #deps: WatchedFleetDeps;
  readonly #joined = new Map<WatchedShard, { readonly member: Member; readonly stopListening: () => void }>();
  #members: ReadonlyMap<ShardKey, Member> = new Map();
  /** The manager's shards at the last refresh. */
  #shards: ReadonlyMap<number, WatchedShard> | null = null;
  /** The shard itself, where the source is no manager. */
  readonly #alone: ReadonlyMap<number, WatchedShard>;
  #refreshTimer: NodeJS.Timeout | null = null;
  #lives = 0;

  constructor(source: WatchedShard | WatchedManager, deps: WatchedFleetDeps) {
    this.#source = source;
    this.#deps = deps;
    this.#alone = isManager(source) ? new Map() : new Map([[source.id, source]]);
    this.manager?.on('shard', this.#onShard);
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

  /** Updates the members. Cheap where nothing has changed. */
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

  /** Removes all listeners. */
  stop(): void {
    this.manager?.off('shard', this.#onShard);
    if (this.#refreshTimer !== null) clearTimeout(this.#refreshTimer);
    for (const shard of this.#joined.keys()) this.#leave(shard);
    this.#members = new Map();
  }

  readonly #onShard = (shard: WatchedShard): void => {
    this.#join(shard);
    // Forces a refresh: the new shard may have replaced another.
    this.#shards = null;
    this.#refreshSoon();
  };

  #refreshSoon(): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = null;
      this.refresh();
    }, REFRESH_AFTER_MS).unref();
  }

  #join(shard: WatchedShard): Member {
    const known = this.#joined.get(shard);
    if (known !== undefined) return known.member;
    const since = shard.history.findLast(({ from, to }) => from !== to)?.at ?? Date.now();
    const member: Member = { shard, life: ++this.#lives, since };
    const onTransition = (record: TransitionRecord) => {
      if (record.from !== record.to) member.since = record.at;
      // A manager has an event for new shards, but none for their ends.
      if (record.to === 'Offline') this.#refreshSoon();
      this.#deps.onTransition(member, record);
    };
    shard.on('transition', onTransition);
    this.#joined.set(shard, { member, stopListening: () => shard.off('transition', onTransition) });
    return member;
  }

  #leave(shard: WatchedShard): void {
    const left = this.#joined.get(shard);
    if (left === undefined) return;
    this.#joined.delete(shard);
    left.stopListening();
    this.#deps.onLeave(left.member);
  }
}
