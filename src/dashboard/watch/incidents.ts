import type { TransitionRecord } from '../../events.js';
import type { Decision } from '../../protocol/decision.js';
import type { Incident } from '../protocol.js';

/** What the same befalls within this belongs together. */
const JOINS_WITHIN_MS = 10_000;

/** How many are remembered. */
const MAX_INCIDENTS = 200;

/** How many of its shards an incident names. */
const NAMED_SHARDS = 10;

/** What a record has changed. */
export interface IncidentChange {
  readonly incident: Incident;
  /** How many more of its shards are down; 0 where one that is down has met the same again. */
  readonly step: 1 | 0 | -1;
}

/** Names one life of a shard: two shards of an id are two. */
type Life = number | string;

interface Course {
  readonly kind: string;
  readonly incident: { -readonly [Name in keyof Incident]: Incident[Name] };
  readonly ids: number[];
  readonly met: Set<Life>;
}

/**
 * Folds records, in the order of their times, into incidents: what the same was decided on at about the same time. There is
 * no clock here. What a user asked for, decision `close`, is none.
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
    const left = to === 'Connected' || to === 'Offline' ? this.leave(life, at) : [];
    return [...met, ...left];
  }

  /** This life of a shard is down no more: it is Connected, or has ended. */
  leave(life: Life, at: number): IncidentChange[] {
    const courses = [...(this.#down.get(life) ?? [])];
    this.#down.delete(life);
    return courses.map(({ incident }) => {
      incident.down -= 1;
      if (incident.down === 0) incident.endedAt = at;
      return { incident, step: -1 };
    });
  }

  #meet(life: Life, { at, shardId }: Pick<TransitionRecord, 'at' | 'shardId'>, decision: Decision): IncidentChange {
    const kind = `${decision.action} ${decision.code} ${decision.reason}`;
    const keepsDown = this.#down.get(life) ?? new Set();
    this.#down.set(life, keepsDown);
    // One that is still down for the same stays where it is, however long its back-off has become.
    const course =
      [...keepsDown].find((known) => known.kind === kind) ?? this.#join(kind, at) ?? this.#begin(kind, at, decision);
    const { incident, met, ids } = course;
    incident.lastAt = at;
    if (!met.has(life)) {
      met.add(life);
      incident.shards += 1;
      if (ids.length < NAMED_SHARDS) ids.push(shardId);
    }
    if (keepsDown.has(course)) return { incident, step: 0 };
    keepsDown.add(course);
    incident.down += 1;
    incident.endedAt = null;
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
    const incident = { id: this.#lastId, at, lastAt: at, action, code, reason, shards: 0, ids, down: 0, endedAt: null };
    const course = { kind, incident, ids, met: new Set<Life>() };
    this.#latest.set(kind, course);
    this.#kept.set(incident.id, course);
    const [oldest] = this.#kept.values();
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#forget(oldest);
    return course;
  }

  #forget(course: Course): void {
    this.#kept.delete(course.incident.id);
    if (this.#latest.get(course.kind) === course) this.#latest.delete(course.kind);
    for (const keepsDown of this.#down.values()) keepsDown.delete(course);
  }
}

const isJoinable = ({ incident }: Course, at: number) => at - incident.lastAt < JOINS_WITHIN_MS;
