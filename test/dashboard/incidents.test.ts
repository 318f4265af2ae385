import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { incidentAt } from '../../src/dashboard/page/auditFleet.js';
import { Incidents } from '../../src/dashboard/live/incidents.js';
import type { Decision, Lifecycle } from '../../src/index.js';

const decided = (action: Decision['action'], reason = 'lost', code: number | null = 1006): Decision => ({
  action,
  code,
  reason,
  attempt: 1,
  delay: 0,
});
const lost = (shardId: number, at: number, reason?: string) => ({
  at,
  shardId,
  to: 'Disconnected' as Lifecycle,
  decision: decided('resume', reason),
});
const up = (shardId: number, at: number) => ({ at, shardId, to: 'Connected' as Lifecycle, decision: null });
const fatal = (shardId: number, at: number) => ({
  at,
  shardId,
  to: 'Offline' as Lifecycle,
  decision: decided('fatal', '4014 disallowed intents', 4014),
});

/** Incidents of these records, where a shard's id names its life. */
function folded(...records: readonly Parameters<Incidents['add']>[1][]): Incidents {
  const incidents = new Incidents();
  for (const record of records) incidents.add(record.shardId, record);
  return incidents;
}

test('shards with the same decision within ten seconds are one incident, which ends when the last is up', () => {
  const incidents = folded(lost(1, 1_000), lost(2, 4_000), lost(3, 13_999), up(1, 14_000), up(2, 15_000));
  expect(incidents.list).toEqual([
    {
      id: 1,
      at: 1_000,
      lastAt: 13_999,
      action: 'resume',
      code: 1006,
      reason: 'lost',
      shards: 3,
      ids: [1, 2, 3],
      times: 3,
      down: 1,
      lost: 0,
      downAt: 1_000,
      endedAt: null,
    },
  ]);
  incidents.add(3, up(3, 16_000));
  expect(incidents.list).toMatchObject([{ down: 0, endedAt: 16_000 }]);
});

test('the same decision ten seconds later, or another reason, begins another incident', () => {
  const list = folded(lost(1, 0), up(1, 100), lost(2, 10_000), lost(3, 10_001, 'zombie')).list;
  expect(list.map(({ at, reason }) => [at, reason])).toEqual([
    [0, 'lost'],
    [10_000, 'lost'],
    [10_001, 'zombie'],
  ]);
});

test('a shard that goes down repeatedly counts as one shard with several times, and only its time down counts', () => {
  const incidents = folded(lost(1, 0), up(1, 100), lost(1, 200));
  expect(incidents.list).toMatchObject([{ shards: 1, ids: [1], times: 2, down: 1, endedAt: null, lastAt: 200 }]);
  incidents.add(1, up(1, 250));
  expect(incidents.list).toMatchObject([{ times: 2, down: 0, lost: 0, at: 0, downAt: 200, endedAt: 250 }]);
});

test('a shard that fails again for the same reason stays in its incident, however long its back-off', () => {
  const incidents = folded(lost(1, 0), lost(1, 60_000), lost(1, 120_000), up(1, 120_100));
  expect(incidents.list).toMatchObject([{ shards: 1, down: 0, at: 0, lastAt: 120_000, endedAt: 120_100 }]);
});

test('a shard that fails for another reason while down is in both incidents until it is up', () => {
  const incidents = folded(lost(1, 0), lost(1, 500, 'zombie'));
  expect(incidents.list).toMatchObject([
    { reason: 'lost', down: 1 },
    { reason: 'zombie', down: 1 },
  ]);
  incidents.add(1, up(1, 900));
  expect(incidents.list).toMatchObject([
    { down: 0, endedAt: 900 },
    { down: 0, endedAt: 900 },
  ]);
});

test('a fatal close counts a shard as lost in its earlier incident, and as down in a fatal one until it is gone', () => {
  const incidents = folded(lost(1, 0), lost(2, 0), fatal(1, 500));
  expect(incidents.list).toMatchObject([
    { action: 'resume', shards: 2, down: 1, lost: 1, endedAt: null },
    { action: 'fatal', code: 4014, shards: 1, ids: [1], down: 1, lost: 0, endedAt: null },
  ]);
  incidents.add(2, up(2, 600));
  expect(incidents.list[0]).toMatchObject({ down: 0, lost: 1, endedAt: 600 });
  incidents.leave(1, 9_000);
  expect(incidents.list[1]).toMatchObject({ down: 0, lost: 1, endedAt: 9_000 });
});

test('a user’s close is no incident, and a shard closed while down counts as lost, not as up', () => {
  const closed = {
    at: 700,
    shardId: 1,
    to: 'Offline' as Lifecycle,
    decision: decided('close', 'close requested', 1000),
  };
  expect(folded(closed).list).toEqual([]);
  expect(folded(lost(1, 0), closed).list).toMatchObject([{ down: 0, lost: 1, endedAt: 700 }]);
  expect(folded(lost(1, 0), closed, lost(1, 900), up(1, 950)).list).toMatchObject([
    { shards: 1, times: 2, down: 0, lost: 0, downAt: 900, endedAt: 950 },
  ]);
});

test('a life that ends without a record leaves every incident it was down in', () => {
  const incidents = folded(lost(1, 0), fatal(2, 0));
  expect(incidents.leave(1, 300)).toMatchObject([{ step: -2, incident: { down: 0, lost: 1, endedAt: 300 } }]);
  expect(incidents.leave(1, 400)).toEqual([]);
  expect(incidents.leave(2, 500)).toMatchObject([{ step: -2, incident: { action: 'fatal', down: 0, lost: 1 } }]);
});

test('an open incident is kept while ended ones are dropped', () => {
  const flaps = Array.from({ length: 300 }, (_, n) => [lost(3, 20_000 * (n + 1)), up(3, 20_000 * (n + 1) + 50)]);
  const incidents = folded(lost(7, 0), fatal(8, 0), ...flaps.flat());
  expect(incidents.list).toHaveLength(200);
  expect(incidents.list.slice(0, 2)).toMatchObject([
    { ids: [7], down: 1 },
    { ids: [8], action: 'fatal', down: 1 },
  ]);
  expect(incidents.add(7, up(7, 9_000_000))).toMatchObject([{ step: -1, incident: { ids: [7], endedAt: 9_000_000 } }]);
});

test('the last 200 incidents are kept, and a dropped one changes no more', () => {
  const incidents = folded(...Array.from({ length: 201 }, (_, n) => lost(n, n * 20_000)));
  expect(incidents.list.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
  expect(incidents.add(0, up(0, 9_000_000))).toEqual([]);
  expect(new Incidents(Infinity).list).toEqual([]);
});

test('the changes of any records, applied one by one, add up to the incidents', () => {
  const record = fc.record({
    gap: fc.integer({ min: 0, max: 9_000 }),
    shardId: fc.integer({ min: 0, max: 4 }),
    to: fc.constantFrom<Lifecycle>('Connected', 'Disconnected', 'Offline', 'Connecting', 'Identifying'),
    decision: fc.option(
      fc.tuple(fc.constantFrom<Decision['action']>('resume', 'identify', 'fatal', 'close'), fc.constantFrom('a', 'b')),
    ),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), (steps) => {
      const incidents = new Incidents();
      const courses = new Map<number, number[]>();
      let at = 0;
      for (const { gap, shardId, to, decision } of steps) {
        at += gap;
        const taken = { at, shardId, to, decision: decision && decided(...decision) };
        for (const { incident, step } of incidents.add(shardId, taken)) {
          courses.set(incident.id, [...(courses.get(incident.id) ?? []), at, step]);
        }
        for (const incident of incidents.list) {
          const course = courses.get(incident.id) ?? [];
          expect(incidentAt({ ...incident, course }, 0, at)).toEqual(incident);
          expect(incident.down + incident.lost).toBeLessThanOrEqual(incident.shards);
          expect(incident.times).toBeGreaterThanOrEqual(incident.shards);
          expect(incident.endedAt === null).toBe(incident.down > 0);
          expect(incident.ids.length).toBe(Math.min(incident.shards, 10));
        }
      }
      for (let shardId = 0; shardId < 5; shardId += 1) incidents.add(shardId, up(shardId, at));
      expect(incidents.list.filter(({ endedAt }) => endedAt === null)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
