import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuditFleet } from '../../src/dashboard/page/auditFleet.js';
import type { AuditTimeline, Incident } from '../../src/dashboard/messages.js';
import { aTimeline, FROM, incidentOf, Page, timelineOf } from './playerRig.js';

const aMoment = fc.integer({ min: -10, max: 4_000 }).map((time) => FROM + time);

/** States computed from all moves up to a time. */
function statesAt({ from, shardIds, moves }: AuditTimeline, at: number): Record<string, number> {
  const states: Record<string, number> = {};
  for (let n = 0; n < moves.length; n += 3) {
    const [time, place, state] = moves.slice(n, n + 3) as [number, number, number];
    if (from + time <= Math.max(at, from)) states[String(shardIds[place])] = state;
  }
  return states;
}

/** Incidents computed from all courses up to a time. */
function incidentsAt({ from, incidents }: AuditTimeline, at: number): Record<number, Partial<Incident>> {
  const found: Record<number, Partial<Incident>> = {};
  for (const { id, course } of incidents) {
    const steps = course.filter((_, n) => n % 2 === 1 && from + (course[n - 1] as number) <= at);
    const last = course[2 * steps.length - 2];
    if (last === undefined) continue;
    const of = (...kinds: readonly number[]) => steps.filter((step) => kinds.includes(step)).length;
    const down = of(1, 2, 3) - of(-1, -2);
    const endedAt = down === 0 ? from + last : null;
    found[id] = { shards: of(1), times: of(1, 2, 3), down, lost: of(-2) - of(3), endedAt };
  }
  return found;
}

const shown = (incidents: readonly Incident[]) =>
  Object.fromEntries(
    incidents.map(({ id, shards, times, down, lost, endedAt }) => [id, { shards, times, down, lost, endedAt }]),
  );

/** A shard that moves in the log's first millisecond. */
const movedAtOnce = timelineOf(
  [0],
  [
    [0, 0, 0],
    [0, 0, 1],
  ],
);

describe('a log at any moment', () => {
  test('has each shard in the state that all moves up to then lead to', () => {
    fc.assert(
      fc.property(aTimeline, aMoment, (timeline, at) => {
        const { shards } = new AuditFleet(timeline).fleetAt(at);
        expect(Object.fromEntries(shards.map(({ key, state }) => [key, state]))).toEqual(statesAt(timeline, at));
      }),
      { examples: [[movedAtOnce, FROM - 1]] },
    );
  });

  test('has each incident as its course up to then makes it', () => {
    fc.assert(
      fc.property(aTimeline, aMoment, (timeline, at) => {
        expect(shown(new AuditFleet(timeline).fleetAt(at).incidents)).toEqual(incidentsAt(timeline, at));
      }),
    );
  });

  test('has the log’s own incidents at its end', () => {
    fc.assert(
      fc.property(aTimeline, (timeline) => {
        const found = new AuditFleet(timeline).fleetAt(timeline.to).incidents;
        expect(found).toHaveLength(timeline.incidents.length);
        expect(timeline.incidents).toMatchObject(found);
      }),
    );
  });

  test('gives the same result when played to a time as when opened at that time', () => {
    fc.assert(
      fc.property(aTimeline, fc.array(fc.nat(700), { maxLength: 8 }), (timeline, pauses) => {
        const fleet = new AuditFleet(timeline);
        const page = new Page();
        let at = timeline.from;
        page.fleet(fleet.fleetAt(at));
        for (const pause of pauses) {
          for (const changes of fleet.changesBetween(at, at + pause)) page.changes(changes);
          at += pause;
          const entered = fleet.fleetAt(at);
          expect(Object.fromEntries(page.states)).toEqual(statesAt(timeline, at));
          expect([...page.incidents.values()]).toEqual(entered.incidents);
        }
      }),
    );
  });

  test('knows the time of the next and of the last change', () => {
    fc.assert(
      fc.property(aTimeline, aMoment, (timeline, at) => {
        const fleet = new AuditFleet(timeline);
        const times = [
          ...timeline.moves.filter((_, n) => n % 3 === 0),
          ...timeline.incidents.flatMap(({ course }) => course.filter((_, n) => n % 2 === 0)),
        ].map((time) => timeline.from + time);
        const later = times.filter((time) => time > at);
        expect(fleet.nextAfter(at)).toBe(later.length === 0 ? null : Math.min(...later));
        expect(fleet.lastUpTo(at)).toBe(Math.max(timeline.from, ...times.filter((time) => time <= at)));
      }),
    );
  });
});

test('a state lasts since the move that led to it', () => {
  const fleet = new AuditFleet(
    timelineOf(
      [7],
      [
        [0, 0, 0],
        [100, 0, 4],
        [300, 0, 5],
      ],
    ),
  );
  expect(fleet.stateAt('7', FROM + 299)).toEqual({ state: 4, since: FROM + 100 });
  const [first, second, ...rest] = fleet.changesBetween(FROM, FROM + 1_000);
  expect([first, second]).toEqual([
    { at: FROM + 100, states: { 7: 4 }, incidents: [] },
    { at: FROM + 300, states: { 7: 5 }, incidents: [] },
  ]);
  expect(rest).toEqual([]);
});

test('no more incidents are shown than a live server keeps', () => {
  const incidents = Array.from({ length: 500 }, (_, n) =>
    incidentOf(n + 1, [
      [n, 1],
      [n + 1, -1],
    ]),
  );
  const fleet = new AuditFleet(timelineOf([0], [[0, 0, 0]], incidents));
  const ids = fleet.fleetAt(FROM + 399).incidents.map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 200 }, (_, n) => 201 + n));
});

test('above that number open incidents stay and ended ones are dropped', () => {
  const open = incidentOf(1, [[0, 1]]);
  const over = Array.from({ length: 300 }, (_, n) =>
    incidentOf(n + 2, [
      [n, 1],
      [n + 1, -1],
    ]),
  );
  const fleet = new AuditFleet(timelineOf([0], [[0, 0, 0]], [open, ...over]));
  const ids = fleet.fleetAt(FROM + 1_000).incidents.map(({ id }) => id);
  expect(ids).toEqual([1, ...Array.from({ length: 199 }, (_, n) => 103 + n)]);
});

test('a seek among 200 000 moves of 1 000 shards takes less than a frame', () => {
  const shards = Array.from({ length: 1_000 }, (_, id) => id);
  const initial = shards.map((place) => [0, place, 0] as const);
  const moves = Array.from({ length: 199_000 }, (_, n) => [n, (n * 7) % 1_000, n % 6] as const);
  const great = incidentOf(
    1,
    shards
      .flatMap(
        (n) =>
          [
            [n, 1],
            [n + 90_000, -1],
          ] as const,
      )
      .toSorted(([a], [b]) => a - b),
  );
  const fleet = new AuditFleet(timelineOf(shards, [...initial, ...moves], [great]));
  const begin = performance.now();
  for (let n = 0; n < 10; n += 1) fleet.fleetAt(FROM + n * 19_999);
  expect((performance.now() - begin) / 10).toBeLessThan(50);
});
