import type { TransitionRecord } from '../../shard/events.js';
import { summaryOf } from '../../manager/summary.js';
import { ShardControls } from '../controls.js';
import type { FaultySimulator } from '../options.js';
import type { ChangesMessage, FleetMessage, Incident, Setup, ShardKey, TotalsMessage } from '../messages.js';
import type { Send, Source } from '../source.js';
import { eventFrame } from '../server/eventStreams.js';
import { WatchedFleet, type Member } from './watchedFleet.js';
import { Incidents, type IncidentChange } from './incidents.js';
import { FleetRates } from './fleetRates.js';
import { SelectedShards } from './selectedShards.js';
import { managerView, totalsOf } from './totals.js';
import { shownOf, shownStates, stateIndex } from './views.js';
import type { WatchedManager, WatchedShard } from './watched.js';
import { stackOf } from '../../util/messageOf.js';

/** Changes are sent at this interval; totals, and a fleet with other shards, once a second. */
const TICK_MS = 100;
const TICKS_A_SECOND = 10;

/** Records before the start of the dashboard are shown back to this time. */
const HISTORY_MS = 3_600_000;

export interface LiveSourceDeps {
  readonly hasControls: boolean;
  readonly simulator: FaultySimulator | undefined;
  readonly warn: (message: string) => void;
}

/** A source of running shards. Without viewers it only groups transitions into incidents. */
export class LiveSource implements Source {
  readonly setup: Setup;
  readonly controls: ShardControls | null;
  readonly #warn: (message: string) => void;
  readonly #fleet: WatchedFleet;
  readonly #incidents = new Incidents();
  readonly #viewers = new Set<Send>();
  readonly #selected: SelectedShards;
  /** Shards that changed since the last message. */
  readonly #movedMembers = new Set<Member>();
  readonly #changedIncidents = new Set<Incident>();
  #rates = new FleetRates();
  /** The fleet message, shared by all viewers that join within a tick. */
  #whole: { readonly version: number; readonly frame: string } | null = null;
  #sentVersion = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | null = null;
  #hasFailed = false;

  constructor(source: WatchedShard | WatchedManager, { hasControls, simulator, warn }: LiveSourceDeps) {
    this.#warn = warn;
    this.#fleet = new WatchedFleet(source, {
      onTransition: (member, record) => this.#onTransition(member, record),
      onLeave: ({ life }) => this.#addChanges(this.#incidents.leave(life, Date.now())),
    });
    this.#replayHistory();
    const shardOf = (key: ShardKey) => this.#fleet.members.get(key)?.shard;
    this.#selected = new SelectedShards(shardOf, (error) => this.#fail(error));
    this.controls = hasControls ? new ShardControls({ shardOf, simulator, warn }) : null;
    this.setup = { source: 'live', states: shownStates, controls: this.controls?.offered ?? null };
  }

  readonly follow = (key: ShardKey | null, send: Send): (() => void) => {
    this.#fleet.refresh();
    if (this.#timer === null) this.#wake();
    const leave = () => {
      this.#viewers.delete(send);
      if (key !== null) this.#selected.leave(key, send);
    };
    try {
      this.#viewers.add(send);
      send(this.#wholeFrame());
      if (key !== null) this.#selected.follow(key, send);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  };

  stop(): void {
    this.#sleep();
    this.#viewers.clear();
    this.#selected.stop();
    this.#fleet.stop();
  }

  #wake(): void {
    this.#rates = new FleetRates();
    this.#rates.take(Date.now(), this.#shards());
    this.#sentVersion = this.#fleet.version;
    this.#ticks = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #sleep(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#whole = null;
    this.#movedMembers.clear();
    this.#changedIncidents.clear();
  }

  #tick(): void {
    // Sleeps at a tick, not when the last viewer leaves: viewers that come and go would each cost as much as the first.
    if (this.#viewers.size === 0) return this.#sleep();
    this.#whole = null;
    // A throw in a timer would end the bot.
    try {
      this.#ticks += 1;
      const at = Date.now();
      this.#fleet.refresh();
      this.#sendChanges(at);
      if (this.#ticks % TICKS_A_SECOND === 0) this.#sendTotals(at);
      this.#selected.sendChanges(at);
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendChanges(at: number): void {
    if (this.#movedMembers.size + this.#changedIncidents.size === 0) return;
    const states: Record<ShardKey, number> = {};
    for (const [key, member] of this.#fleet.members) {
      if (this.#movedMembers.has(member)) states[key] = stateIndex(shownOf(member.shard));
    }
    this.#broadcast('changes', { at, states, incidents: [...this.#changedIncidents] } satisfies ChangesMessage);
    this.#movedMembers.clear();
    this.#changedIncidents.clear();
  }

  #sendTotals(at: number): void {
    this.#rates.take(at, this.#shards());
    if (this.#fleet.version === this.#sentVersion) {
      return this.#broadcast('totals', { at, ...this.#summary() } satisfies TotalsMessage);
    }
    this.#sentVersion = this.#fleet.version;
    this.#send(this.#wholeFrame());
  }

  #broadcast(name: string, message: unknown): void {
    this.#send(eventFrame(name, message));
  }

  #send(frame: string): void {
    for (const send of this.#viewers) send(frame);
  }

  /** May be older than the latest change, which follows at the next tick. */
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
    const summary = manager === null ? null : summaryOf(manager);
    return { manager: managerView(summary), ...totalsOf(summary, this.#shards(), this.#rates.current) };
  }

  #shards(): WatchedShard[] {
    return [...this.#fleet.members.values()].map(({ shard }) => shard);
  }

  #onTransition(member: Member, record: TransitionRecord): void {
    this.#addChanges(this.#incidents.add(member.life, record));
    if (this.#timer !== null && record.from !== record.to) this.#movedMembers.add(member);
  }

  #addChanges(changes: readonly IncidentChange[]): void {
    if (this.#timer === null) return;
    for (const { incident } of changes) this.#changedIncidents.add(incident);
  }

  /** Adds what happened to the shards before the dashboard started. */
  #replayHistory(): void {
    const from = Date.now() - HISTORY_MS;
    const all = [...this.#fleet.members.values()].flatMap(({ shard, life }) =>
      shard.history.filter(({ at }) => at >= from).map((record) => ({ life, record })),
    );
    all.sort((one, other) => one.record.at - other.record.at);
    for (const { life, record } of all) this.#incidents.add(life, record);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#warn(`an update of the page failed, which is a bug in shardchart; please report it: ${stackOf(error)}`);
  }
}
