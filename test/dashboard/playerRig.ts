import * as fc from 'fast-check';
import type {
  AuditIncident,
  AuditTimeline,
  ChangesMessage,
  FleetMessage,
  ShardMessage,
} from '../../src/dashboard/messages.js';
import type { FeedListener } from '../../src/dashboard/page/feed.js';

export const FROM = 1_700_000_000_000;

/** A timeline of these moves: milliseconds since its beginning, shard index, state. */
export function timelineOf(
  shardIds: readonly number[],
  moves: readonly (readonly [time: number, place: number, state: number])[],
  incidents: readonly AuditIncident[] = [],
): AuditTimeline {
  const last = Math.max(
    moves.at(-1)?.[0] ?? 0,
    ...incidents.flatMap(({ course }) => course.filter((_, n) => n % 2 === 0)),
  );
  return { files: ['bot.log'], from: FROM, to: FROM + last, shardIds, moves: moves.flat(), incidents, skipped: 0 };
}

/** An incident with this course: milliseconds since the beginning, and step. */
export function incidentOf(id: number, course: readonly (readonly [time: number, step: number])[]): AuditIncident {
  const of = (...steps: readonly number[]) => course.filter(([, step]) => steps.includes(step)).length;
  const down = of(1, 2, 3) - of(-1, -2);
  let [now, downAt] = [0, 0];
  for (const [time, step] of course) {
    if (now === 0 && step > 0) downAt = time;
    now += Math.sign(step);
  }
  return {
    id,
    at: FROM + (course[0]?.[0] ?? 0),
    lastAt: FROM + (course.findLast(([, step]) => step >= 0)?.[0] ?? 0),
    action: 'resume',
    code: 1006,
    reason: 'lost',
    shards: of(1),
    ids: Array.from({ length: of(1) }, (_, n) => n),
    times: of(1, 2, 3),
    down,
    lost: of(-2) - of(3),
    downAt: FROM + downAt,
    endedAt: down === 0 ? FROM + (course.at(-1)?.[0] ?? 0) : null,
    course: course.flat(),
  };
}

/** A possible course: shards are met, meet it again, come up or are lost. */
const aCourse = fc
  .tuple(fc.nat(500), fc.array(fc.tuple(fc.nat(40), fc.constantFrom(0, 1, 2, 3, -1, -2)), { maxLength: 12 }))
  .map(([first, steps]) => {
    const course: [number, number][] = [[first, 1]];
    let [time, met, down, lost] = [first, 1, 1, 0];
    for (const [pause, step] of steps) {
      if (step <= 0 && down === 0) continue;
      if ((step === 2 && down + lost === met) || (step === 3 && lost === 0)) continue;
      time += pause;
      met += Number(step === 1);
      down += Math.sign(step);
      lost += Number(step === -2) - Number(step === 3);
      course.push([time, step]);
    }
    return course;
  });

/** A log of some shards with a state at the beginning and moves after it. */
export const aTimeline: fc.Arbitrary<AuditTimeline> = fc
  .record({
    ids: fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 6 }),
    initial: fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }),
    moves: fc.array(fc.tuple(fc.nat(60), fc.nat(5), fc.nat(5)), { maxLength: 60 }),
    courses: fc.array(aCourse, { maxLength: 5 }),
  })
  .map(({ ids, initial, moves, courses }) => {
    let time = 0;
    const first = ids.map((_, place) => [0, place, initial[place] as number] as const);
    const rest = moves.map(([pause, place, state]) => [(time += pause), place % ids.length, state] as const);
    const sorted = courses.toSorted((a, b) => (a[0]?.[0] ?? 0) - (b[0]?.[0] ?? 0));
    return timelineOf(
      ids.toSorted((a, b) => a - b),
      [...first, ...rest],
      sorted.map((course, n) => incidentOf(n + 1, course)),
    );
  });

/** Keeps what a page would show: states and incidents, from the messages alone. */
export class Page implements FeedListener {
  at = 0;
  linkState: 'open' | 'waiting' | null = null;
  readonly states = new Map<string, number>();
  readonly since = new Map<string, number>();
  readonly incidents = new Map<number, object>();
  readonly shards: ShardMessage[] = [];
  fleets = 0;

  fleet(message: FleetMessage): void {
    this.fleets += 1;
    this.at = message.at;
    this.states.clear();
    this.incidents.clear();
    for (const { key, state, since } of message.shards) {
      this.states.set(key, state);
      this.since.set(key, since);
    }
    for (const incident of message.incidents) this.incidents.set(incident.id, incident);
  }

  changes(message: ChangesMessage): void {
    this.at = message.at;
    for (const [key, state] of Object.entries(message.states)) {
      if (this.states.get(key) !== state) this.since.set(key, message.at);
      this.states.set(key, state);
    }
    for (const incident of message.incidents) this.incidents.set(incident.id, incident);
  }

  totals({ at }: { readonly at: number }): void {
    this.at = at;
  }

  shard(message: ShardMessage): void {
    this.shards.push(message);
  }

  link(state: 'open' | 'waiting'): void {
    this.linkState = state;
  }
}
