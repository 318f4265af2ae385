import type { TransitionRecord } from '../../shard/events.js';
import { lookAt } from '../../manager/summary.js';
import { ShardControls } from '../controls.js';
import type { FaultySimulator } from '../options.js';
import type { ChangesMessage, FleetMessage, Incident, Setup, ShardKey, TotalsMessage } from '../messages.js';
import type { Send, Source } from '../source.js';
import { eventFrame } from '../server/eventStreams.js';
import { Fleet, type Member } from './watchedFleet.js';
import { Incidents, type IncidentChange } from './incidents.js';
import { FleetRates } from './fleetRates.js';
import { Spotlights } from './selectedShards.js';
import { managerView, totalsOf } from './totals.js';
import { shownOf, shownStates, stateIndex } from './views.js';
import type { WatchedManager, WatchedShard } from './watched.js';

/** What has changed is told this often, the totals and a fleet that has changed once a second. */
const TICK_MS = 100;
const TICKS_A_SECOND = 10;

/** How long ago what is told of before the dashboard may have been. */
const LOOK_BACK_MS = 3_600_000;

export interface LiveParts {
  readonly hasControls: boolean;
  readonly simulator: FaultySimulator | undefined;
  readonly warn: (message: string) => void;
}

/** Shards that run. While nobody looks it folds their transitions into incidents, and does nothing else. */
export class LiveSource implements Source {
  readonly setup: Setup;
  readonly controls: ShardControls | null;
  readonly #warn: (message: string) => void;
  readonly #fleet: Fleet;
  readonly #incidents = new Incidents();
  readonly #viewers = new Set<Send>();
  readonly #spotlights: Spotlights;
  /** Told next. */
  readonly #moved = new Set<Member>();
  readonly #changed = new Set<Incident>();
  #rates = new FleetRates();
  /** The fleet as whoever comes before the next tick is told it. */
  #whole: { readonly version: number; readonly frame: string } | null = null;
  #toldVersion = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | null = null;
  #hasFailed = false;

  constructor(source: WatchedShard | WatchedManager, { hasControls, simulator, warn }: LiveParts) {
    this.#warn = warn;
    this.#fleet = new Fleet(source, {
      moved: (member, record) => this.#took(member, record),
      went: ({ life }) => this.#note(this.#incidents.leave(life, Date.now())),
    });
    this.#lookBack();
    const shardOf = (key: ShardKey) => this.#fleet.members.get(key)?.shard;
    this.#spotlights = new Spotlights(shardOf, (error) => this.#fail(error));
    this.controls = hasControls ? new ShardControls({ shardOf, simulator, warn }) : null;
    this.setup = { source: 'live', states: shownStates, controls: this.controls?.offered ?? null };
  }

  readonly follow = (key: ShardKey | null, send: Send): (() => void) => {
    this.#fleet.refresh();
    if (this.#timer === null) this.#wake();
    const leave = () => {
      this.#viewers.delete(send);
      if (key !== null) this.#spotlights.leave(key, send);
    };
    try {
      this.#viewers.add(send);
      send(this.#wholeFrame());
      if (key !== null) this.#spotlights.follow(key, send);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  };

  stop(): void {
    this.#sleep();
    this.#viewers.clear();
    this.#spotlights.stop();
    this.#fleet.stop();
  }

  #wake(): void {
    this.#rates = new FleetRates();
    this.#rates.take(Date.now(), this.#shards());
    this.#toldVersion = this.#fleet.version;
    this.#ticks = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #sleep(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#whole = null;
    this.#moved.clear();
    this.#changed.clear();
  }

  #tick(): void {
    // Not as soon as the last has gone: viewers that come and go would each cost as much as the first.
    if (this.#viewers.size === 0) return this.#sleep();
    this.#whole = null;
    // A throw in a timer would end the bot.
    try {
      this.#ticks += 1;
      const at = Date.now();
      this.#fleet.refresh();
      this.#tellChanges(at);
      if (this.#ticks % TICKS_A_SECOND === 0) this.#tellTotals(at);
      this.#spotlights.tell(at);
    } catch (error) {
      this.#fail(error);
    }
  }

  #tellChanges(at: number): void {
    if (this.#moved.size + this.#changed.size === 0) return;
    const states: Record<ShardKey, number> = {};
    for (const [key, member] of this.#fleet.members) {
      if (this.#moved.has(member)) states[key] = stateIndex(shownOf(member.shard));
    }
    this.#tell('changes', { at, states, incidents: [...this.#changed] } satisfies ChangesMessage);
    this.#moved.clear();
    this.#changed.clear();
  }

  #tellTotals(at: number): void {
    this.#rates.take(at, this.#shards());
    if (this.#fleet.version === this.#toldVersion) {
      return this.#tell('totals', { at, ...this.#summary() } satisfies TotalsMessage);
    }
    this.#toldVersion = this.#fleet.version;
    this.#send(this.#wholeFrame());
  }

  #tell(name: string, message: unknown): void {
    this.#send(eventFrame(name, message));
  }

  #send(frame: string): void {
    for (const send of this.#viewers) send(frame);
  }

  /** What has changed since it was made is told at the next tick. */
  #wholeFrame(): string {
    const { version } = this.#fleet;
    if (this.#whole?.version !== version) {
      this.#whole = { version, frame: eventFrame('fleet', this.#fleetMessage()) };
    }
    return this.#whole.frame;
  }

  #fleetMessage(): FleetMessage {
    const { manager, ...totals } = this.#summary();
    const { total } = this.#fleet;
    return { at: Date.now(), manager, total, shards: this.#fleet.view(), incidents: this.#incidents.list, totals };
  }

  #summary() {
    const { manager } = this.#fleet;
    const look = manager === null ? null : lookAt(manager);
    return { manager: managerView(look), ...totalsOf(look, this.#shards(), this.#rates.current) };
  }

  #shards(): WatchedShard[] {
    return [...this.#fleet.members.values()].map(({ shard }) => shard);
  }

  #took(member: Member, record: TransitionRecord): void {
    this.#note(this.#incidents.add(member.life, record));
    if (this.#timer !== null && record.from !== record.to) this.#moved.add(member);
  }

  #note(changes: readonly IncidentChange[]): void {
    if (this.#timer === null) return;
    for (const { incident } of changes) this.#changed.add(incident);
  }

  /** What befell those that were there before. */
  #lookBack(): void {
    const from = Date.now() - LOOK_BACK_MS;
    const all = [...this.#fleet.members.values()].flatMap(({ shard, life }) =>
      shard.history.filter(({ at }) => at >= from).map((record) => ({ life, record })),
    );
    all.sort((one, other) => one.record.at - other.record.at);
    for (const { life, record } of all) this.#incidents.add(life, record);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#warn(`what the shards do cannot be shown as it should, which is a bug in shardchart: ${String(error)}`);
  }
}
