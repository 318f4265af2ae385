import type { AuditIncident, AuditTimeline } from '../messages.js';
import { Incidents, type IncidentChange } from '../live/incidents.js';
import { stateIndex } from '../live/views.js';
import type { Entry } from './entries.js';
import { Succession } from './succession.js';

/** A record within the list of its shard. */
export interface ShardEntry {
  readonly text: string;
  readonly life: number;
  /** Life that stands for the shard after the record. */
  readonly inCharge: number;
}

export interface FoldedLog {
  readonly timeline: Omit<AuditTimeline, 'files' | 'skipped'>;
  readonly shards: ReadonlyMap<number, readonly ShardEntry[]>;
}

/** Builds the timeline from the records of a log: at least one, in order of time. */
export function foldLog(entries: readonly Entry[]): FoldedLog {
  const from = entries[0]?.at ?? 0;
  const shards = new Map<number, ShardEntry[]>();
  const firsts = new Map<number, Entry>();
  for (const entry of entries) if (!firsts.has(entry.shardId)) firsts.set(entry.shardId, entry);
  const shardIds = [...firsts.keys()].toSorted((a, b) => a - b);
  const places = new Map(shardIds.map((id, place) => [id, place]));
  const states = shardIds.map((id) => stateIndex((firsts.get(id) as Entry).from));
  const moves = states.flatMap((state, place) => [0, place, state]);
  const succession = new Succession();
  const courses = new Courses(from);

  for (const entry of entries) {
    const { at, shardId, text } = entry;
    const { life, inCharge, over } = succession.take(entry);
    for (const { id } of over) courses.leave(id, at);
    courses.add(life.id, entry);
    const records = shards.get(shardId) ?? [];
    shards.set(shardId, records);
    records.push({ text, life: life.id, inCharge: inCharge.id });
    const place = places.get(shardId) as number;
    const state = stateIndex(inCharge.state);
    if (state === states[place]) continue;
    states[place] = state;
    moves.push(at - from, place, state);
  }
  return { timeline: { from, to: entries.at(-1)?.at ?? from, shardIds, moves, incidents: courses.list }, shards };
}

/** Groups records into incidents, and collects the steps of each. */
class Courses {
  readonly #from: number;
  readonly #incidents = new Incidents(Infinity);
  readonly #courses = new Map<number, number[]>();

  constructor(from: number) {
    this.#from = from;
  }

  get list(): AuditIncident[] {
    return this.#incidents.list.map((incident) => ({ ...incident, course: this.#courses.get(incident.id) ?? [] }));
  }

  add(life: number, entry: Entry): void {
    this.#record(this.#incidents.add(life, entry), entry.at);
  }

  leave(life: number, at: number): void {
    this.#record(this.#incidents.leave(life, at), at);
  }

  #record(changes: readonly IncidentChange[], at: number): void {
    for (const { incident, step } of changes) {
      const course = this.#courses.get(incident.id) ?? [];
      this.#courses.set(incident.id, course);
      course.push(at - this.#from, step);
    }
  }
}
