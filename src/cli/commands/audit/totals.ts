import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { AuditRecord } from '../../../audit/record.js';
import type { Action, Decision } from '../../../protocol/decision.js';
import { type Filter, matches } from './filter.js';
import { reasonGroup } from './reasonGroup.js';
import { isFirstOfLife, RepeatedRuns, startsProcess } from './runs.js';

/** Milliseconds spent in each state. */
export type StateTimes = Readonly<Record<Lifecycle, number>>;

interface Counts {
  /** Connections, or attempts at one, that ended and were followed by another. */
  readonly reconnects: number;
  /** IDENTIFYs sent, and how many of them READY answered. */
  readonly identifies: number;
  readonly ready: number;
  /** RESUMEs sent, and how many of them RESUMED answered. */
  readonly resumes: number;
  readonly resumed: number;
  /** Times the identify limiter failed, or its grant ran out. */
  readonly slotsLost: number;
  readonly fatal: number;
}

/** What became of one shard. */
export interface ShardTotals extends Counts {
  readonly shardId: number;
  /** Where it was last, from when and, as far as is known, to when: milliseconds since the epoch. */
  readonly state: Lifecycle;
  readonly stateSince: number;
  readonly stateUntil: number;
  readonly stateMs: StateTimes;
}

/** Connections, or attempts at one, that ended for the same reason. */
export interface Ending {
  readonly reason: string;
  readonly count: number;
  /** What followed, and how often. */
  readonly actions: Readonly<Partial<Record<Action, number>>>;
  /** The last of them in full. */
  readonly latest: string;
}

/** A log in figures. */
export interface AuditTotals extends Counts {
  readonly records: number;
  /** The time that is counted, in milliseconds since the epoch; null where there is none. */
  readonly from: number | null;
  readonly until: number | null;
  /** Of the whole log; null where it is empty. */
  readonly lastRecordAt: number | null;
  /** Whether a shard was up by then, and may have been so for long. */
  readonly isOpen: boolean;
  /** Over all shards. */
  readonly stateMs: StateTimes;
  /** The most frequent first. */
  readonly endings: readonly Ending[];
  /** The worst first. */
  readonly shards: readonly ShardTotals[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** More reasons than that are not kept apart: a user's own may be as many as there are connections. */
const MAX_REASONS = 200;

/** One shard id, whatever lives it had. */
interface Shard extends Mutable<Counts> {
  readonly shardId: number;
  readonly stateMs: Record<Lifecycle, number>;
  /** Whether anything of it is within the filter. */
  isShown: boolean;
  /** Those that go on. A shard that was replaced may do so until its close is through. */
  readonly lives: Set<Life>;
  /** The last that began: where the shard is. */
  newest: Life;
}

interface Life {
  /** As the run has it; null before it is heard of in this run. */
  number: number | null;
  state: Lifecycle;
  stateSince: number;
  /** Up to when its time has been counted. */
  stateUntil: number;
}

/** Folds records into totals, one at a time. */
export class Totals {
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

  /** Takes every record of the log, shown or not: one before `--since` says in which state a shard is by then. */
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
    // Where the states do not join, records are missing between.
    if (life.state === from && !isFirstOfLife(record)) this.#spend(shard, life, at);
    // A decision within a state does not begin it anew.
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
   * The totals. Time ends with the last record of the log, or with an `until` after that: then the last states are taken
   * to have lasted, but never beyond now. To be called once.
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

  /** Numbers begin anew, lives go on. */
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

  #life(shard: Shard, record: AuditRecord): Life {
    const { lives, newest } = shard;
    let life = [...lives].find(({ number }) => number === record.life);
    if (life === undefined && !isFirstOfLife(record)) {
      // In a rotated file it goes on where it was left.
      const unheard = [...lives].filter(({ number }) => number === null);
      life = unheard.find(({ state }) => state === record.from) ?? unheard[0];
    }
    if (life === undefined) {
      life = begin(record);
      // A shard that is down is not down as long as another is in its place.
      if (newest.state === 'Offline' && lives.has(newest)) this.#spend(shard, newest, record.at);
      if (newest.state === 'Offline') lives.delete(newest);
      lives.add(life);
      shard.newest = life;
    }
    life.number = record.life;
    return life;
  }

  #spend(shard: Shard, life: Life, end: number): void {
    const { since, until } = this.#filter;
    // A clock that was set back does not give time back.
    const ms = Math.max(0, Math.min(end, until) - Math.max(life.stateUntil, since));
    shard.stateMs[life.state] += ms;
    shard.isShown ||= ms > 0;
    life.stateUntil = Math.min(end, until);
  }

  /** No process goes on after its last record, as far as the log knows. */
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

/** A connection, or an attempt at one, was there and is over; being refused for good is the end in any case. */
function isEnding({ from, to }: AuditRecord, { action }: Decision): boolean {
  return action === 'fatal' || (!isDown(from) && isDown(to));
}

const isDown = (state: Lifecycle): boolean => state === 'Disconnected' || state === 'Offline';

function count(shard: Shard, record: AuditRecord): void {
  const { from, to, event, decision, since } = record;
  // An identify leaves when its slot is granted; the chart stays Identifying, so that no record is of that alone.
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

function begin({ life, at, to }: Pick<AuditRecord, 'life' | 'at' | 'to'>): Life {
  return { number: life, state: to, stateSince: at, stateUntil: at };
}

function shardTotals({ newest, isShown: _isShown, lives: _lives, ...totals }: Shard): ShardTotals {
  const { number: _number, ...state } = newest;
  return { ...totals, ...state };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** All the time that was counted. */
export const totalMs = (times: StateTimes): number => sum(Object.values(times), (ms) => ms);
const awayMs = ({ stateMs }: ShardTotals): number => totalMs(stateMs) - stateMs.Connected;
