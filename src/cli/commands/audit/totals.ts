import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { AuditRecord } from '../../../audit/record.js';
import type { Action, Decision } from '../../../protocol/decision.js';
import { type Filter, matches } from './filter.js';
import { reasonGroup } from './reasonGroup.js';
import { isFirstOfLife, RepeatedRuns, startsProcess } from './runs.js';

/** Milliseconds spent in each state. */
export type StateTimes = Readonly<Record<Lifecycle, number>>;

interface Counts {
  /** Connections and attempts that ended and were followed by another. */
  readonly reconnects: number;
  /** IDENTIFYs sent; `ready` counts those that READY answered. */
  readonly identifies: number;
  readonly ready: number;
  /** RESUMEs sent; `resumed` counts those that RESUMED answered. */
  readonly resumes: number;
  readonly resumed: number;
  /** Times that the identify limiter failed or its grant ran out. */
  readonly slotsLost: number;
  readonly fatal: number;
}

/** Totals of one shard. */
export interface ShardTotals extends Counts {
  readonly shardId: number;
  /** Last known state, with its time from and to in milliseconds since the epoch. */
  readonly state: Lifecycle;
  readonly stateSince: number;
  readonly stateUntil: number;
  readonly stateMs: StateTimes;
}

/** Connections and attempts that ended for the same reason. */
export interface Ending {
  readonly reason: string;
  readonly count: number;
  /** Number of times each action followed. */
  readonly actions: Readonly<Partial<Record<Action, number>>>;
  /** Full reason of the latest one. */
  readonly latest: string;
}

/** Totals of a log. */
export interface AuditTotals extends Counts {
  readonly records: number;
  /** Range of time that is counted, in milliseconds since the epoch; null when there is none. */
  readonly from: number | null;
  readonly until: number | null;
  /** Time of the log's last record, filtered or not; null for an empty log. */
  readonly lastRecordAt: number | null;
  /** True when a shard was up at the last record: it may have stayed up long after. */
  readonly isOpen: boolean;
  /** Sum over all shards. */
  readonly stateMs: StateTimes;
  /** Most frequent first. */
  readonly endings: readonly Ending[];
  /** Worst first. */
  readonly shards: readonly ShardTotals[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Further reasons are counted as one: the reasons of `close({ reason })` are the user's, and may have no end. */
const MAX_REASONS = 200;

/** A shard id with all of its lives. */
interface Shard extends Mutable<Counts> {
  readonly shardId: number;
  readonly stateMs: Record<Lifecycle, number>;
  /** True once a record or a time of the shard is within the filter. */
  isShown: boolean;
  /** Lives that have not ended. A replaced shard lives until its close is complete. */
  readonly lives: Set<TimedLife>;
  /** The life that began last; its state is the shard's. */
  newest: TimedLife;
}

interface TimedLife {
  /** Number of the life in the current run; null until the run mentions it. */
  number: number | null;
  state: Lifecycle;
  stateSince: number;
  /** End of the time that has been counted. */
  stateUntil: number;
}

/** Adds up the totals of a log, record by record. */
export class TotalsCounter {
  readonly #filter: Filter;
  readonly #shards = new Map<number, Shard>();
  readonly #repeated = new RepeatedRuns();
  readonly #endings = new Map<string, Mutable<Ending> & { actions: Partial<Record<Action, number>> }>();
  #records = 0;
  #firstAt = Infinity;
  #lastAt = -Infinity;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Call it with every record of the log: one before `--since` tells the state at that time. */
  add(record: AuditRecord): void {
    if (record.n === 1) this.#beginRun();
    if (this.#repeated.isRepeat(record)) return;
    const { at, shardId, from, to } = record;
    if (startsProcess(record)) this.#endProcess(this.#lastAt);
    this.#lastAt = at;
    if (!this.#filter.hasShard(shardId) || at > this.#filter.until) return;
    this.#firstAt = Math.min(this.#firstAt, at);
    const shard = this.#shard(record);
    const life = this.#life(shard, record);
    // Records are missing where the states do not connect; the time between is not counted.
    if (life.state === from && !isFirstOfLife(record)) this.#spend(shard, life, at);
    // A decision within a state does not restart the state's time.
    if (from !== to) life.stateSince = at;
    life.state = to;
    life.stateUntil = at;
    if (to === 'Offline' && life !== shard.newest) shard.lives.delete(life);
    if (!matches(this.#filter, record)) return;
    this.#records += 1;
    shard.isShown = true;
    count(shard, record);
    if (record.decision !== null && isEnding(record, record.decision)) this.#addEnding(record.decision);
  }

  /**
   * Returns the totals. Time ends with the log's last record, or at a later `until` (at most `now`): the last states
   * are taken to have lasted until then. Call it once.
   */
  finish(now: number): AuditTotals {
    const { since, until } = this.#filter;
    const end = Math.max(this.#lastAt, until === Infinity ? -Infinity : Math.min(until, now));
    const isOpen = [...this.#shards.values()].some(({ lives }) => [...lives].some(({ state }) => state !== 'Offline'));
    this.#endProcess(end);
    const shards = [...this.#shards.values()].filter(({ isShown }) => isShown).map(shardTotals);
    const [from, to] = [Math.max(since, this.#firstAt), Math.min(until, end)];
    return {
      records: this.#records,
      from: from <= to ? from : null,
      until: from <= to ? to : null,
      lastRecordAt: Number.isFinite(this.#lastAt) ? this.#lastAt : null,
      isOpen,
      stateMs: Object.fromEntries(
        lifecycles.map((name) => [name, sum(shards, ({ stateMs }) => stateMs[name])]),
      ) as StateTimes,
      ...(Object.fromEntries(
        countNames.map((name) => [name, sum(shards, (shard) => shard[name])]),
      ) as unknown as Counts),
      endings: [...this.#endings.values()].toSorted((a, b) => b.count - a.count),
      shards: shards.toSorted(
        (a, b) => b.fatal - a.fatal || b.reconnects - a.reconnects || awayMs(b) - awayMs(a) || a.shardId - b.shardId,
      ),
    };
  }

  /** Forgets the numbers of the lives: each run counts from 1, while lives continue. */
  #beginRun(): void {
    for (const { lives } of this.#shards.values()) for (const life of lives) life.number = null;
  }

  #shard({ shardId, ...record }: AuditRecord): Shard {
    let shard = this.#shards.get(shardId);
    if (shard === undefined) {
      const newest = begin(record);
      shard = { shardId, stateMs: noTimes(), ...noCounts(), isShown: false, lives: new Set([newest]), newest };
      this.#shards.set(shardId, shard);
    }
    return shard;
  }

  #life(shard: Shard, record: AuditRecord): TimedLife {
    const { lives, newest } = shard;
    let life = [...lives].find(({ number }) => number === record.life);
    if (life === undefined && !isFirstOfLife(record)) {
      // A rotated file continues lives under new numbers.
      const unheard = [...lives].filter(({ number }) => number === null);
      life = unheard.find(({ state }) => state === record.from) ?? unheard[0];
    }
    if (life === undefined) {
      life = begin(record);
      // Time in Offline ends for the old life when another takes its place.
      if (newest.state === 'Offline' && lives.has(newest)) this.#spend(shard, newest, record.at);
      if (newest.state === 'Offline') lives.delete(newest);
      lives.add(life);
      shard.newest = life;
    }
    life.number = record.life;
    return life;
  }

  #spend(shard: Shard, life: TimedLife, end: number): void {
    const { since, until } = this.#filter;
    // A clock that was set back gives no negative time.
    const ms = Math.max(0, Math.min(end, until) - Math.max(life.stateUntil, since));
    shard.stateMs[life.state] += ms;
    shard.isShown ||= ms > 0;
    life.stateUntil = Math.min(end, until);
  }

  /** Ends all lives at `end`, the last record of their process. */
  #endProcess(end: number): void {
    for (const shard of this.#shards.values()) {
      for (const life of shard.lives) this.#spend(shard, life, end);
      shard.lives.clear();
    }
  }

  #addEnding(decision: Decision): void {
    const group = reasonGroup(decision);
    const reason = this.#endings.has(group) || this.#endings.size < MAX_REASONS ? group : 'other reasons';
    const ending = this.#endings.get(reason) ?? { reason, count: 0, actions: {}, latest: '' };
    ending.count += 1;
    ending.actions[decision.action] = (ending.actions[decision.action] ?? 0) + 1;
    ending.latest = decision.reason;
    this.#endings.set(reason, ending);
  }
}

/** True where a connection or an attempt ended. A fatal decision always is an end. */
function isEnding({ from, to }: AuditRecord, { action }: Decision): boolean {
  return action === 'fatal' || (!isDown(from) && isDown(to));
}

const isDown = (state: Lifecycle): boolean => state === 'Disconnected' || state === 'Offline';

function count(shard: Shard, record: AuditRecord): void {
  const { from, to, event, decision, since } = record;
  // IDENTIFY is sent when the slot is granted. The chart stays in Identifying, so the grant has no record of its own.
  shard.identifies += since.filter(({ type }) => type === 'slot.granted').length;
  if (event.type === 'gateway.ready') shard.ready += 1;
  if (from !== 'Resuming' && to === 'Resuming') shard.resumes += 1;
  if (event.type === 'gateway.resumed') shard.resumed += 1;
  if (decision === null) return;
  if (decision.action === 'fatal') shard.fatal += 1;
  else if (from === 'Identifying' && to === 'Identifying') shard.slotsLost += 1;
  else if (decision.action !== 'close' && isEnding(record, decision)) shard.reconnects += 1;
}

const countNames = ['reconnects', 'identifies', 'ready', 'resumes', 'resumed', 'slotsLost', 'fatal'] as const;
const noCounts = (): Mutable<Counts> => ({
  reconnects: 0,
  identifies: 0,
  ready: 0,
  resumes: 0,
  resumed: 0,
  slotsLost: 0,
  fatal: 0,
});
const noTimes = (): Record<Lifecycle, number> => ({
  Offline: 0,
  Connecting: 0,
  Identifying: 0,
  Resuming: 0,
  Connected: 0,
  Disconnected: 0,
});

function begin({ life, at, to }: Pick<AuditRecord, 'life' | 'at' | 'to'>): TimedLife {
  return { number: life, state: to, stateSince: at, stateUntil: at };
}

function shardTotals({ newest, isShown: _isShown, lives: _lives, ...totals }: Shard): ShardTotals {
  const { number: _number, ...state } = newest;
  return { ...totals, ...state };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Sum of the time in all states. */
export const totalMs = (times: StateTimes): number => sum(Object.values(times), (ms) => ms);
const awayMs = ({ stateMs }: ShardTotals): number => totalMs(stateMs) - stateMs.Connected;
