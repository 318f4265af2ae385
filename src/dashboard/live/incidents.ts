import type { TransitionRecord } from '../../shard/events.js';
import type { Decision } from '../../protocol/decision.js';
import type { Incident, IncidentStep } from '../messages.js';

/** Equal decisions within this time belong to one incident. */
const JOINS_WITHIN_MS = 10_000;

/** The oldest incidents are dropped above this number. */
const MAX_INCIDENTS = 200;

/** An incident lists this many shards by id. */
const NAMED_SHARDS = 10;

/** A changed incident, and the step that changed it. */
export interface IncidentChange {
  readonly incident: Incident;
  readonly step: IncidentStep;
}

/** Key of one life of a shard: a shard id may have several lives. */
type LifeKey = number | string;

interface Course {
  readonly kind: string;
  readonly incident: { -readonly [Name in keyof Incident]: Incident[Name] };
  readonly ids: number[];
  readonly met: Set<LifeKey>;
  readonly lost: Set<LifeKey>;
}

/**
 * Groups records, in order of time, into incidents: shards with the same decision at about the same time. Uses no
 * clock. A decision `close`, which the user asked for, is no incident.
 *
 * {@link IncidentStep} lists the steps of a shard in an incident.
 */
export class Incidents {
  readonly #limit: number;
  /** Oldest first. */
  readonly #kept = new Map<number, Course>();
  /** Latest incident of each kind. */
  readonly #latest = new Map<string, Course>();
  /** The incidents that keep a shard down. */
  readonly #down = new Map<LifeKey, Set<Course>>();
  #lastId = 0;

  constructor(limit: number = MAX_INCIDENTS) {
    this.#limit = limit;
  }

  /** Oldest first. The incidents change as records are added. */
  get list(): readonly Incident[] {
    return [...this.#kept.values()].map(({ incident }) => incident);
  }

  /** Adds the next record of a life. */
  add(life: LifeKey, record: Pick<TransitionRecord, 'at' | 'shardId' | 'to' | 'decision'>): IncidentChange[] {
    const { at, to, decision } = record;
    const met = decision === null || decision.action === 'close' ? [] : [this.#meet(life, record, decision)];
    if (to === 'Connected') return [...met, ...this.#release(life, at, -1, () => true)];
    // A fatal shard is Offline, but its incident stays open.
    if (to === 'Offline') return [...met, ...this.#release(life, at, -2, ({ action }) => action !== 'fatal')];
    return met;
  }

  /** Ends a life. */
  leave(life: LifeKey, at: number): IncidentChange[] {
    return this.#release(life, at, -2, () => true);
  }

  #release(life: LifeKey, at: number, step: -1 | -2, isMeant: (incident: Incident) => boolean): IncidentChange[] {
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

  #meet(life: LifeKey, { at, shardId }: Pick<TransitionRecord, 'at' | 'shardId'>, decision: Decision): IncidentChange {
    const kind = `${decision.action} ${decision.code} ${decision.reason}`;
    const keepsDown = this.#down.get(life) ?? new Set();
    this.#down.set(life, keepsDown);
    // A shard that is still down for the same reason stays in its incident, however long the back-off is.
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
    const course = { kind, incident, ids, met: new Set<LifeKey>(), lost: new Set<LifeKey>() };
    this.#latest.set(kind, course);
    this.#kept.set(incident.id, course);
    if (this.#kept.size > this.#limit) this.#forget();
    return course;
  }

  /** Drops the oldest incident that has ended; an open one only where all are open. */
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
