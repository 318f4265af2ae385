import type {
  ChangesMessage,
  FleetMessage,
  Incident,
  ManagerView,
  Setup,
  ShardKey,
  ShardMessage,
  ShownState,
  StateIndex,
  Totals,
  TotalsMessage,
} from '../messages.js';
import { Detail } from './detail.js';
import type { FeedListener } from './feed.js';
import { keepIncidents } from './keepIncidents.js';

export interface FleetShard {
  readonly key: ShardKey;
  readonly id: number;
  state: StateIndex;
  since: number;
}

/** Changes since the views were drawn. */
export interface News {
  /** Shards joined or left: redraw everything. */
  fleet: boolean;
  readonly moved: Set<ShardKey>;
  incidents: boolean;
  /** Time, rates, queue or connection. */
  totals: boolean;
  /** Another shard was selected. */
  selection: boolean;
  /** The selected shard changed. */
  detail: boolean;
}

const noNews = (): News => ({
  fleet: false,
  moved: new Set(),
  incidents: false,
  totals: false,
  selection: false,
  detail: false,
});

/** The data of the page, put together from the feed's messages. */
export class Model implements FeedListener {
  readonly setup: Setup;
  readonly #changed: () => void;
  /** Time of the latest message. Without messages, durations stand still. */
  now = 0;
  isWaiting = true;
  manager: ManagerView | null = null;
  /** Number of shards of the bot; 0 while unknown. */
  total = 0;
  figures: Totals = { rates: null, identifies: null, latency: null };
  /** In order of id; shards of the other set last. */
  shards: ReadonlyMap<ShardKey, FleetShard> = new Map();
  /** Oldest first. */
  incidents: ReadonlyMap<number, Incident> = new Map();
  selected: ShardKey | null = null;
  detail: Detail | null = null;
  #news = noNews();

  /** Calls `changed` after each message. */
  constructor(setup: Setup, changed: () => void) {
    this.setup = setup;
    this.#changed = changed;
  }

  /** Returns the news since the last call. */
  takeNews(): News {
    const news = this.#news;
    this.#news = noNews();
    return news;
  }

  nameOf(state: StateIndex): ShownState {
    return this.setup.states[state] ?? 'Offline';
  }

  /** Number of shards in service in each state. */
  counts(): number[] {
    const counts = this.setup.states.map(() => 0);
    for (const { key, state } of this.shards.values()) {
      if (isInService(key)) counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  /** The shard to select first: a fatal one, one that is not Connected, or the first. */
  firstToShow(): ShardKey | null {
    const shards = [...this.shards.values()].filter(({ key }) => isInService(key));
    const refused = shards.find(({ state }) => this.nameOf(state) === 'fatal');
    const inTrouble = refused ?? shards.find(({ state }) => this.nameOf(state) !== 'Connected');
    return (inTrouble ?? shards[0])?.key ?? null;
  }

  /**
   * The shard to show for an incident: one of its shards that is still down, in either set, or the first that exists.
   */
  shardOf({ ids }: Incident): ShardKey | null {
    const keys = ids.flatMap((id) => [`${id}`, `+${id}`]).filter((key) => this.shards.has(key));
    const isDown = (key: ShardKey) => this.nameOf(this.shards.get(key)?.state ?? 0) !== 'Connected';
    return keys.find(isDown) ?? keys[0] ?? null;
  }

  select(key: ShardKey | null): void {
    if (key === this.selected) return;
    this.selected = key;
    this.detail = null;
    this.#news.selection = true;
    this.#changed();
  }

  fleet(message: FleetMessage): void {
    const shards = message.shards.toSorted(
      (a, b) => Number(isInService(b.key)) - Number(isInService(a.key)) || a.id - b.id,
    );
    const isSame = shards.length === this.shards.size && shards.every(({ key }) => this.shards.has(key));
    for (const { key, state } of isSame ? shards : []) {
      if (this.shards.get(key)?.state !== state) this.#news.moved.add(key);
    }
    if (!isSame) this.#news.fleet = true;
    this.shards = new Map(shards.map((shard) => [shard.key, { ...shard }]));
    this.total = message.total;
    this.incidents = byId(message.incidents);
    this.#news.incidents = true;
    this.#setTotals(message.at, message.manager, message.totals);
  }

  changes({ at, states, incidents }: ChangesMessage): void {
    this.now = at;
    for (const [key, state] of Object.entries(states)) {
      const shard = this.shards.get(key);
      if (shard === undefined) continue;
      if (shard.state !== state) shard.since = at;
      shard.state = state;
      this.#news.moved.add(key);
    }
    if (incidents.length > 0) {
      const merged = new Map([...this.incidents, ...byId(incidents)]);
      this.incidents = byId(keepIncidents([...merged.values()]));
      this.#news.incidents = true;
    }
    this.#changed();
  }

  totals({ at, manager, ...totals }: TotalsMessage): void {
    this.#setTotals(at, manager, totals);
  }

  shard(message: ShardMessage): void {
    if (message.key !== this.selected) return;
    this.now = Math.max(this.now, message.at);
    if (message.isWhole || this.detail === null) this.detail = new Detail(message);
    else this.detail.add(message);
    this.#news.detail = true;
    this.#changed();
  }

  link(state: 'open' | 'waiting'): void {
    this.isWaiting = state === 'waiting';
    this.#news.totals = true;
    this.#changed();
  }

  #setTotals(at: number, manager: ManagerView | null, { rates, identifies, latency }: Totals): void {
    this.now = at;
    this.manager = manager;
    this.figures = { rates, identifies, latency };
    this.#news.totals = true;
    this.#changed();
  }
}

const byId = (incidents: readonly Incident[]): ReadonlyMap<number, Incident> =>
  new Map(incidents.map((incident) => [incident.id, incident]));

/** True for shards of the set in service, false for the other set while a manager reshards. */
export const isInService = (key: ShardKey): boolean => !key.startsWith('+');

/** `Shard 7`, or `Shard 7 of the other set`. */
export const nameShard = ({ key, id }: { readonly key: ShardKey; readonly id: number }): string =>
  isInService(key) ? `Shard ${id}` : `Shard ${id} of the other set`;
