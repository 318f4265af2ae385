import { expect, test } from 'vitest';
import { describeFleetIncident, FleetIncidents } from '../../src/fleet/fleetIncidents.js';
import type { FleetStatus } from '../../src/fleet/index.js';

type Worker = readonly [name: string, state: 'serving' | 'draining' | 'gone', ids: readonly number[], beatAgo?: number];

/** A fleet of four shards; `away` are not Connected, `fresh` have a session that has just begun. */
function fleet(
  workers: readonly Worker[],
  { away = [] as number[], fresh = [] as number[], total = 4 } = {},
): FleetStatus {
  return {
    total,
    nextTotal: null,
    workers: workers.map(([worker, state, ids, beatAgo = 200]) => ({
      worker,
      state,
      shards: ids.length,
      capacity: null,
      since: 0,
      beatAgo,
    })),
    shards: Array.from({ length: total }, (_, id) => ({
      id,
      worker: workers.find(([, , ids]) => ids.includes(id))?.[0] ?? null,
      state: away.includes(id) ? 'Resuming' : 'Connected',
      latency: null,
      sessionAge: fresh.includes(id) ? 10 : 3_600_000,
      events: null,
    })),
    identifies: { waiting: 0, total: null, remaining: null, resetAt: null },
    groups: [],
  };
}

/** The incidents of statuses that are seen one second apart. */
function incidentsOf(...statuses: readonly FleetStatus[]): string[] {
  const incidents = new FleetIncidents();
  statuses.forEach((status, at) => incidents.take(status, 1_000 * at));
  return incidents.list.map(describeFleetIncident);
}

const both = fleet([
  ['w-1', 'serving', [0, 1]],
  ['w-2', 'serving', [2, 3]],
]);

test('a worker that is gone: its shards are taken over by resumes, and the time begins with its last beat', () => {
  const gone = fleet(
    [
      ['w-1', 'serving', [0, 1]],
      ['w-2', 'gone', [2, 3], 3_100],
    ],
    { away: [2, 3] },
  );
  const taken = fleet([
    ['w-1', 'serving', [0, 1, 2, 3]],
    ['w-2', 'gone', [], 4_100],
  ]);
  const forgotten = fleet([['w-1', 'serving', [0, 1, 2, 3]]]);
  expect(incidentsOf(both, gone)).toEqual(['worker w-2 lost: 2 shards to be taken over']);
  expect(incidentsOf(both, gone, taken, forgotten)).toEqual([
    'worker w-2 lost: 2 shards taken over by 1 worker in 4.1 s, all resumed',
  ]);
});

test('a shard that comes back with another session is counted', () => {
  const taken = fleet(
    [
      ['w-1', 'serving', [0, 1, 2, 3]],
      ['w-2', 'gone', [], 500],
    ],
    { fresh: [3] },
  );
  expect(incidentsOf(both, taken)).toEqual([
    'worker w-2 lost: 2 shards taken over by 1 worker in 0.5 s, 1 with a new session',
  ]);
});

test('a drained worker, one that leaves and one that joins differ', () => {
  const drained = fleet([
    ['w-1', 'draining', []],
    ['w-2', 'serving', [0, 1, 2, 3]],
  ]);
  const left = fleet([['w-2', 'serving', [0, 1, 2, 3]]]);
  expect(incidentsOf(both, drained, left)).toEqual([
    'worker w-1 gives its shards away: 2 shards taken over by 1 worker in 0.0 s, all resumed',
  ]);
  expect(incidentsOf(both, left)).toEqual([
    'worker w-1 gives its shards away: 2 shards taken over by 1 worker in 0.0 s, all resumed',
  ]);
  expect(incidentsOf(left, both)).toEqual(['worker w-1 joined']);
});

test('a reshard is one incident, with the new number of shards', () => {
  expect(
    incidentsOf(
      both,
      fleet(
        [
          ['w-1', 'serving', [0, 1, 2, 3, 4, 5]],
          ['w-2', 'serving', []],
        ],
        { total: 6 },
      ),
    ),
  ).toEqual(['the fleet has 6 shards now']);
});

test('a fleet in which nothing changes has no incident', () => {
  expect(incidentsOf(both, both, both)).toEqual([]);
});
