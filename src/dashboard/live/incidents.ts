import type { TransitionRecord } from '../../shard/events.js';
import type { Decision } from '../../protocol/decision.js';
import type { Incident, IncidentStep } from '../messages.js';

/** What the same befalls within this belongs together. */
const JOINS_WITHIN_MS = 10_000;

/** How many are remembered. */
const MAX_INCIDENTS = 200;

/** How many of its shards an incident names. */
const NAMED_SHARDS = 10;

/** What a record has changed. */
export interface IncidentChange {
  readonly incident: Incident;
  readonly step: IncidentStep;
}

/** Names one life of a shard: two shards of an id are two. */
type Life = number | string;

interface Course {
  readonly kind: string;
  readonly incident: { -readonly [Name in keyof Incident]: Incident[Name] };
  readonly ids: number[];
  readonly met: Set<Life>;
  readonly lost: Set<Life>;
}

/**
 * Folds records, in the order of their times, into incidents: what the same was decided on at about the same time. There is
 * no clock here. What a user asked for, decision `close`, is none.
 *
 * {@link IncidentStep} says what may befall a shard in one.
 */
export class Incidents {
  readonly #limit: number;
  /** Oldest first. */
  readonly #kept = new Map<number, Course>();
  /** Of each kind the latest. */
  readonly #latest = new Map<string, Course>();
  /** What keeps a shard down that is not up again. */
  readonly #down = new Map<Life, Set<Course>>();
  #lastId = 0;

  constructor(limit: number = MAX_INCIDENTS) {
    this.#limit = limit;
  }

  /** Oldest first. Each changes as what follows is added. */
  get list(): readonly Incident[] {
    return [...this.#kept.values()].map(({ incident }) => incident);
  }

  /** Takes the next record of that life of a shard. */
  add(life: Life, record: Pick<TransitionRecord, 'at' | 'shardId' | 'to' | 'decision'>): IncidentChange[] {
    const { at, to, decision } = record;
    const met = decision === null || decision.action === 'close' ? [] : [this.#meet(life, record, decision)];
    if (to === 'Connected') return [...met, ...this.#release(life, at, -1, () => true)];
    // Refused for good it is Offline too, and as down as before.
    if (to === 'Offline') return [...met, ...this.#release(life, at, -2, ({ action }) => action !== 'fatal')];
    return met;
  }

  /** This life of a shard has ended. */
  leave(life: Life, at: number): IncidentChange[] {
    return this.#release(life, at, -2, () => true);
  }

  #release(life: Life, at: number, step: -1 | -2, isMeant: (incident: Incident) => boolean): IncidentChange[] {
    const keepsDown = this.#down.get(life);
    const courses = [...(keepsDown ?? [])].filter(({ incident }) => isMeant(incident));
    for (const course of courses) keepsDown?.delete(course);
    if (keepsDown?.size === 0) this.#down.delete(life);
    return courses.map(({ incident, lost }) => {
      incident.down -= 1;
      if (incident.down === 0) incident.endedAt = at;
      if (step === -2) incident.lost = lost.add(life).size;
      return { incident, step };
    });
  }

  #meet(life: Life, { at, shardId }: Pick<TransitionRecord, 'at' | 'shardId'>, decision: Decision): IncidentChange {
    const kind = `${decision.action} ${decision.code} ${decision.reason}`;
    const keepsDown = this.#down.get(life) ?? new Set();
    this.#down.set(life, keepsDown);
    // One that is still down for the same stays where it is, however long its back-off has become.
    const course =
      [...keepsDown].find((known) => known.kind === kind) ?? this.#join(kind, at) ?? this.#begin(kind, at, decision);
    const { incident, met, lost, ids } = course;
    incident.lastAt = at;
    if (keepsDown.has(course)) return { incident, step: 0 };
    keepsDown.add(course);
    if (incident.down === 0) incident.downAt = at;
    incident.down += 1;
    incident.times += 1;
    incident.endedAt = null;
    const wasLost = lost.delete(life);
    incident.lost = lost.size;
    if (met.has(life)) return { incident, step: wasLost ? 3 : 2 };
    incident.shards = met.add(life).size;
    if (ids.length < NAMED_SHARDS) ids.push(shardId);
    return { incident, step: 1 };
  }

  #join(kind: string, at: number): Course | undefined {
    const latest = this.#latest.get(kind);
    return latest !== undefined && isJoinable(latest, at) ? latest : undefined;
  }

  #begin(kind: string, at: number, { action, code, reason }: Decision): Course {
    for (const [other, course] of this.#latest) if (!isJoinable(course, at)) this.#latest.delete(other);
    this.#lastId += 1;
    const ids: number[] = [];
    const cause = { action, code, reason };
    const none = { shards: 0, times: 0, down: 0, lost: 0, endedAt: null };
    const incident = { id: this.#lastId, at, lastAt: at, downAt: at, ...cause, ids, ...none };
    const course = { kind, incident, ids, met: new Set<Life>(), lost: new Set<Life>() };
    this.#latest.set(kind, course);
    this.#kept.set(incident.id, course);
    if (this.#kept.size > this.#limit) this.#forget();
    return course;
  }

  /** The oldest of those that are over; what still keeps shards down is the last to go. */
  #forget(): void {
    const kept = [...this.#kept.values()];
    const course = kept.find(({ incident }) => incident.endedAt !== null) ?? kept[0];
    if (course === undefined) return;
    this.#kept.delete(course.incident.id);
    if (this.#latest.get(course.kind) === course) this.#latest.delete(course.kind);
    for (const keepsDown of this.#down.values()) keepsDown.delete(course);
  }
}

const isJoinable = ({ incident }: Course, at: number) => at - incident.lastAt < JOINS_WITHIN_MS;
