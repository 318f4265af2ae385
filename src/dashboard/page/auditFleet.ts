import type {
  AuditIncident,
  AuditTimeline,
  ChangesMessage,
  FleetMessage,
  Incident,
  ShardKey,
  StateIndex,
  Totals,
} from '../messages.js';
import { keepIncidents } from './keepIncidents.js';
import { lastUpTo, type Times } from './search.js';

/** Totals of a log, which contains none of these figures. */
export const NO_TOTALS: Totals = { rates: null, identifies: null, latency: null };

/** All shards of a log at any time. */
export class AuditFleet {
  readonly from: number;
  readonly to: number;
  readonly ids: readonly number[];
  /** In order of time. */
  readonly incidents: readonly AuditIncident[];
  /** Changes of state in order: time, shard index and state. */
  readonly #times: Float64Array;
  readonly #places: Uint32Array;
  readonly #states: Uint8Array;
  /** Indexes of each shard's own changes. */
  readonly #own: readonly Uint32Array[];
  readonly #placeOf: ReadonlyMap<ShardKey, number>;
  /** Changes of incidents in order: time and incident index. */
  readonly #turns: Float64Array;
  readonly #turned: Uint32Array;

  constructor({ from, to, shardIds, moves, incidents }: AuditTimeline) {
    this.from = from;
    this.to = to;
    this.ids = shardIds;
    this.incidents = incidents;
    const count = moves.length / 3;
    this.#times = Float64Array.from({ length: count }, (_, move) => from + (moves[move * 3] as number));
    this.#places = Uint32Array.from({ length: count }, (_, move) => moves[move * 3 + 1] as number);
    this.#states = Uint8Array.from({ length: count }, (_, move) => moves[move * 3 + 2] as number);
    const own: number[][] = shardIds.map(() => []);
    this.#places.forEach((place, move) => own[place]?.push(move));
    this.#own = own.map((list) => Uint32Array.from(list));
    this.#placeOf = new Map(shardIds.map((id, place) => [String(id), place]));
    const turns = incidents
      .flatMap(({ course }, incident) => pairs(course).map(([time]) => [from + time, incident] as const))
      .toSorted(([a], [b]) => a - b);
    this.#turns = Float64Array.from(turns, ([at]) => at);
    this.#turned = Uint32Array.from(turns, ([, incident]) => incident);
  }

  has(key: ShardKey): boolean {
    return this.#placeOf.has(key);
  }

  /** State of a shard at a time, and since when. */
  stateAt(key: ShardKey, at: number): { readonly state: StateIndex; readonly since: number } {
    const own = this.#own[this.#placeOf.get(key) ?? -1];
    const time = Math.max(at, this.from);
    const move = own?.[lastUpTo({ length: own.length, at: (n) => this.#timeOf(own[n]) }, time)];
    return { state: this.#states[move ?? -1] ?? 0, since: this.#timeOf(move) };
  }

  /** The message that a live server would send to a viewer who joins at this time. */
  fleetAt(at: number): FleetMessage {
    const shards = this.ids.map((id) => ({ key: String(id), id, ...this.stateAt(String(id), at) }));
    const started = lastUpTo({ length: this.incidents.length, at: (n) => this.incidents[n]?.at ?? Infinity }, at) + 1;
    const incidents = keepIncidents(
      this.incidents.slice(0, started).map((incident) => incidentAt(incident, this.from, at)),
    );
    return { at, manager: null, total: 0, shards, incidents, totals: NO_TOTALS };
  }

  /**
   * The messages that a live server would send in a range of time: one for each moment with changes of state, then one
   * for incidents.
   */
  changesBetween(after: number, upTo: number): ChangesMessage[] {
    const messages: { at: number; states: Record<ShardKey, StateIndex>; incidents: readonly Incident[] }[] = [];
    const last = lastUpTo(this.#moves, upTo);
    for (let move = lastUpTo(this.#moves, after) + 1; move <= last; move += 1) {
      const at = this.#timeOf(move);
      const key = String(this.ids[this.#places[move] as number]);
      const state = this.#states[move] as number;
      const message = messages.at(-1);
      if (message?.at === at) message.states[key] = state;
      else messages.push({ at, states: { [key]: state }, incidents: [] });
    }
    const incidents = this.#turnedBetween(after, upTo);
    if (incidents.length > 0) messages.push({ at: upTo, states: {}, incidents });
    return messages;
  }

  /** Time of the next change of a shard or incident; null where there is none. */
  nextAfter(at: number): number | null {
    return earliest([this.#moves, this.#turnTimes].map((times) => timeAt(times, lastUpTo(times, at) + 1)));
  }

  /** Time of the last change up to `at`. */
  lastUpTo(at: number): number {
    const known = [this.#moves, this.#turnTimes].map((times) => timeAt(times, lastUpTo(times, at)));
    return Math.max(this.from, ...known.filter((time) => time !== null));
  }

  get #moves(): Times {
    return { length: this.#times.length, at: (move) => this.#timeOf(move) };
  }

  get #turnTimes(): Times {
    return { length: this.#turns.length, at: (turn) => this.#turns[turn] ?? Infinity };
  }

  #timeOf(move: number | undefined): number {
    return this.#times[move ?? -1] ?? this.from;
  }

  #turnedBetween(after: number, upTo: number): Incident[] {
    const first = lastUpTo(this.#turnTimes, after) + 1;
    const last = lastUpTo(this.#turnTimes, upTo);
    const turned = new Set(this.#turned.subarray(first, last + 1));
    return [...turned]
      .toSorted((a, b) => a - b)
      .map((incident) => incidentAt(this.incidents[incident] as AuditIncident, this.from, upTo));
  }
}

const timeAt = ({ length, at }: Times, index: number): number | null =>
  index >= 0 && index < length ? at(index) : null;

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** An incident as it was at a time after its beginning. */
export function incidentAt({ course, ...whole }: AuditIncident, from: number, at: number): Incident {
  let { at: lastAt, downAt } = whole;
  let endedAt: number | null = null;
  const counts = { shards: 0, times: 0, down: 0, lost: 0 };
  for (const [time, step] of pairs(course)) {
    if (from + time > at) break;
    if (step >= 0) lastAt = from + time;
    if (step > 0 && counts.down === 0) downAt = from + time;
    counts.shards += Number(step === 1);
    counts.times += Number(step > 0);
    counts.down += Math.sign(step);
    counts.lost += Number(step === -2) - Number(step === 3);
    endedAt = counts.down === 0 ? from + time : null;
  }
  return { ...whole, ...counts, lastAt, downAt, ids: whole.ids.slice(0, counts.shards), endedAt };
}

function pairs(course: readonly number[]): (readonly [time: number, step: number])[] {
  return Array.from({ length: course.length / 2 }, (_, n) => [course[n * 2] as number, course[n * 2 + 1] as number]);
}
