import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Incidents } from '../../src/dashboard/watch/incidents.js';
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

/** A fold of records, each of the life its shard's id names. */
function folded(...records: readonly Parameters<Incidents['add']>[1][]): Incidents {
  const incidents = new Incidents();
  for (const record of records) incidents.add(record.shardId, record);
  return incidents;
}

test('shards to which the same is decided within ten seconds are one incident, which ends when the last is up', () => {
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
      down: 1,
      endedAt: null,
    },
  ]);
  incidents.add(3, up(3, 16_000));
  expect(incidents.list).toMatchObject([{ down: 0, endedAt: 16_000 }]);
});

test('what comes ten seconds later, or for another reason, is another incident', () => {
  const list = folded(lost(1, 0), up(1, 100), lost(2, 10_000), lost(3, 10_001, 'zombie')).list;
  expect(list.map(({ at, reason }) => [at, reason])).toEqual([
    [0, 'lost'],
    [10_000, 'lost'],
    [10_001, 'zombie'],
  ]);
});

test('a shard that comes and goes counts once, and keeps the incident open', () => {
  const incidents = folded(lost(1, 0), up(1, 100), lost(1, 200));
  expect(incidents.list).toMatchObject([{ shards: 1, ids: [1], down: 1, endedAt: null, lastAt: 200 }]);
});

test('a shard that fails again for the same is still in the same incident, however long its back-off', () => {
  const incidents = folded(lost(1, 0), lost(1, 60_000), lost(1, 120_000), up(1, 120_100));
  expect(incidents.list).toMatchObject([{ shards: 1, down: 0, at: 0, lastAt: 120_000, endedAt: 120_100 }]);
});

test('a shard that meets something else while it is down is in both until it is up', () => {
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

test('a shard that is refused for good is no longer awaited', () => {
  const incidents = folded(lost(1, 0), lost(2, 0), fatal(1, 500));
  expect(incidents.list).toMatchObject([
    { action: 'resume', shards: 2, down: 1, endedAt: null },
    { action: 'fatal', code: 4014, shards: 1, ids: [1], down: 0, endedAt: 500 },
  ]);
});

test('what a user asked for is no incident, and a shard closed while it is down is no longer awaited', () => {
  const closed = {
    at: 700,
    shardId: 1,
    to: 'Offline' as Lifecycle,
    decision: decided('close', 'close requested', 1000),
  };
  expect(folded(closed).list).toEqual([]);
  expect(folded(lost(1, 0), closed).list).toMatchObject([{ down: 0, endedAt: 700 }]);
});

test('a life that ends without a record is no longer awaited', () => {
  const incidents = folded(lost(1, 0));
  expect(incidents.leave(1, 300)).toMatchObject([{ step: -1, incident: { down: 0, endedAt: 300 } }]);
  expect(incidents.leave(1, 400)).toEqual([]);
});

test('the last 200 are kept, and of one that is forgotten nothing is told', () => {
  const incidents = folded(...Array.from({ length: 201 }, (_, n) => lost(n, n * 20_000)));
  expect(incidents.list.map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
  expect(incidents.add(0, up(0, 9_000_000))).toEqual([]);
  expect(new Incidents(Infinity).list).toEqual([]);
});

test('the changes add up: what they say is down is what is down, whatever the records', () => {
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
      const down = new Map<number, number>();
      let at = 0;
      for (const { gap, shardId, to, decision } of steps) {
        at += gap;
        const taken = { at, shardId, to, decision: decision && decided(...decision) };
        for (const { incident, step } of incidents.add(shardId, taken)) {
          down.set(incident.id, (down.get(incident.id) ?? 0) + step);
        }
        for (const incident of incidents.list) {
          expect(incident.down).toBe(down.get(incident.id));
          expect(incident.down).toBeLessThanOrEqual(incident.shards);
          expect(incident.endedAt === null).toBe(incident.down > 0);
          expect(incident.lastAt).toBeGreaterThanOrEqual(incident.at);
          expect(incident.ids.length).toBe(Math.min(incident.shards, 10));
        }
      }
      for (let shardId = 0; shardId < 5; shardId += 1) incidents.add(shardId, up(shardId, at));
      expect(incidents.list.filter(({ endedAt }) => endedAt === null)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
