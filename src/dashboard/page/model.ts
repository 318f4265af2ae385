import type { Lifecycle } from '../../../machines/lifecycle.js';
import type {
  ChangesMessage,
  FleetMessage,
  Incident,
  ManagerView,
  Setup,
  ShardKey,
  ShardMessage,
  StateIndex,
  Totals,
  TotalsMessage,
} from '../protocol.js';
import { Detail } from './detail.js';
import type { Listener } from './feed.js';

export interface FleetShard {
  readonly key: ShardKey;
  readonly id: number;
  state: StateIndex;
  since: number;
}

/** What has changed since the views were drawn. */
export interface News {
  /** Shards have come or gone: all is to be drawn. */
  fleet: boolean;
  readonly moved: Set<ShardKey>;
  incidents: boolean;
  /** Time, rates, the queue or the link. */
  totals: boolean;
  /** Another shard was selected. */
  selection: boolean;
  /** Something about the selected shard. */
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

/** Everything the page knows, folded from what the feed tells. */
export class Model implements Listener {
  readonly setup: Setup;
  readonly #changed: () => void;
  /** The time of the latest message: while no news comes, nothing goes on. */
  now = 0;
  isWaiting = true;
  manager: ManagerView | null = null;
  /** How many shards the bot has in all; 0 while that is not known. */
  total = 0;
  figures: Totals = { rates: null, identifies: null, latency: null };
  /** By id; those of the set that is not in service at the end. */
  shards: ReadonlyMap<ShardKey, FleetShard> = new Map();
  incidents = new Map<number, Incident>();
  selected: ShardKey | null = null;
  detail: Detail | null = null;
  #news = noNews();

  /** `changed` is called after each message. */
  constructor(setup: Setup, changed: () => void) {
    this.setup = setup;
    this.#changed = changed;
  }

  /** Hands out the news, and begins to gather anew. */
  takeNews(): News {
    const news = this.#news;
    this.#news = noNews();
    return news;
  }

  nameOf(state: StateIndex): Lifecycle {
    return this.setup.lifecycles[state] ?? 'Offline';
  }

  /** How many shards in service are in each state. */
  counts(): number[] {
    const counts = this.setup.lifecycles.map(() => 0);
    for (const { key, state } of this.shards.values()) {
      if (isInService(key)) counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  /** The shard to look at first: one in trouble, else the first. */
  worthALook(): ShardKey | null {
    const shards = [...this.shards.values()].filter(({ key }) => isInService(key));
    const inTrouble = shards.find(({ state }) => this.nameOf(state) !== 'Connected');
    return (inTrouble ?? shards[0])?.key ?? null;
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
    this.incidents = new Map(message.incidents.map((incident) => [incident.id, incident]));
    this.#news.incidents = true;
    this.#tell(message.at, message.manager, message.totals);
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
    for (const incident of incidents) {
      this.incidents.set(incident.id, incident);
      this.#news.incidents = true;
    }
    this.#forget();
    this.#changed();
  }

  totals({ at, manager, ...totals }: TotalsMessage): void {
    this.#tell(at, manager, totals);
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

  #tell(at: number, manager: ManagerView | null, { rates, identifies, latency }: Totals): void {
    this.now = at;
    this.manager = manager;
    this.figures = { rates, identifies, latency };
    this.#news.totals = true;
    this.#changed();
  }

  /** The server keeps no more either. */
  #forget(): void {
    for (const id of this.incidents.keys()) {
      if (this.incidents.size <= KEPT_INCIDENTS) return;
      this.incidents.delete(id);
    }
  }
}

const KEPT_INCIDENTS = 200;

/** Of the set that serves, not of the one that comes up or goes down while a manager reshards. */
export const isInService = (key: ShardKey): boolean => !key.startsWith('+');

/** `7`, or `7 (other set)`, as it is read out. */
export const nameShard = ({ key, id }: { readonly key: ShardKey; readonly id: number }): string =>
  isInService(key) ? `Shard ${id}` : `Shard ${id} of the other set`;
