import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter } from '../../src/cli/commands/audit/filter.js';
import { TotalsCounter, totalMs } from '../../src/cli/commands/audit/totals.js';
import { lifecycles } from '../../machines/lifecycle.js';
import { decide, Log, THREE } from './auditRecords.js';

const all: Filter = { hasShard: () => true, since: -Infinity, until: Infinity, states: new Set(lifecycles) };

/** Totals of a log; times of the filter are milliseconds after three. */
function sum({ records }: Log, { since = -Infinity, until = Infinity, ...filter }: Partial<Filter> = {}, nowMs = 1e9) {
  const totals = new TotalsCounter({ ...all, ...filter, since: THREE + since, until: THREE + until });
  for (const record of records) totals.add(record);
  return totals.finish(THREE + nowMs);
}

/** States that took any time. */
const times = ({ stateMs }: ReturnType<typeof sum>) =>
  Object.fromEntries(Object.entries(stateMs).filter(([, ms]) => ms > 0));

/** Time in all states between two times. */
const spent = (log: Log, since: number, until: number) => totalMs(sum(log, { since, until }).stateMs);

describe('time in a state', () => {
  test('lasts until the next record of the shard', () => {
    expect(times(sum(new Log().up(0).drop(1_000)))).toEqual({
      Connecting: 200,
      Identifying: 200,
      Connected: 700,
      Resuming: 100,
    });
  });

  test('of the last record lasts until the last record of its process', () => {
    const totals = sum(new Log().up(0, 0).up(60_000, 1));
    expect(times(totals)).toEqual({ Connecting: 200, Identifying: 400, Connected: 60_000 });
    expect(totals).toMatchObject({ from: THREE, until: THREE + 60_300 });
    expect(times(sum(new Log().up(0, 0).up(60_000, 1), { hasShard: (id) => id === 0 }))).toMatchObject({
      Connected: 60_000,
    });
  });

  test('of the last record lasts up to --until, but not into the future', () => {
    const log = new Log().up(0);
    expect(times(sum(log))).not.toHaveProperty('Connected');
    expect(times(sum(log, { until: 10_300 }))).toMatchObject({ Connected: 10_000 });
    expect(times(sum(log, { until: 10_300 }, 5_300))).toMatchObject({ Connected: 5_000 });
  });

  test('counts from --since on for a state that began before', () => {
    const log = new Log().up(0).drop(10_000);
    const totals = sum(log, { since: 4_000 });
    expect(times(totals)).toEqual({ Connected: 6_000, Connecting: 100, Resuming: 100 });
    expect(totals).toMatchObject({ from: THREE + 4_000, identifies: 0, resumes: 1, records: 4 });
  });

  test('counts for a shard without a record since --since', () => {
    const totals = sum(new Log().up(0, 0).up(0, 1).drop(10_000, 1), { since: 5_000 });
    expect(totals.shards.find(({ shardId }) => shardId === 0)).toMatchObject({
      state: 'Connected',
      stateMs: { Connected: 5_200 },
      reconnects: 0,
    });
  });

  test('ends with --until, which also sets the shard’s last state', () => {
    const totals = sum(new Log().up(0).drop(10_000).at(20_000, { from: 'Connected', to: 'Offline' }), { until: 5_000 });
    expect(times(totals)).toEqual({ Connecting: 100, Identifying: 200, Connected: 4_700 });
    expect(totals).toMatchObject({ until: THREE + 5_000, reconnects: 0, records: 3 });
    expect(totals.shards[0]).toMatchObject({ state: 'Connected', stateUntil: THREE + 5_000 });
  });

  test('does not count while no process runs', () => {
    const log = new Log().up(0, 0).up(0, 1).drop(7_000, 1).process().up(100_000, 0);
    const totals = sum(log);
    // Up to the last record of the first process, plus the way up in the second.
    expect(totals.shards.find(({ shardId }) => shardId === 0)?.stateMs).toMatchObject({
      Connected: 6_900,
      Identifying: 400,
    });
    expect(totals.shards.find(({ shardId }) => shardId === 1)).toMatchObject({
      state: 'Connected',
      stateUntil: THREE + 7_200,
    });
  });

  test('continues in the next file of a rotated log', () => {
    const log = new Log().up(0).process().drop(5_000);
    const [first] = log.records.slice(3);
    const start = { value: { Online: 'link' }, context: { attempts: 1, lastDecision: null } };
    Object.assign(first as object, { start });
    expect(times(sum(log))).toMatchObject({ Connected: 4_700 });
  });

  test('is not counted where records are missing', () => {
    const log = new Log().up(0).lose(1).at(9_000, { from: 'Resuming', to: 'Connected' });
    expect(times(sum(log))).toEqual({ Connecting: 100, Identifying: 200 });
  });

  test('is never negative, even after a clock was set back', () => {
    const log = new Log().up(10_000).at(5_000, { from: 'Connected', to: 'Offline' });
    expect(times(sum(log))).toEqual({ Connecting: 100, Identifying: 200 });
  });

  test('is not restarted by a decision within the state', () => {
    const decision = decide('identify', 4900, 'new session requested');
    const log = new Log()
      .up(0)
      .at(1_000, { from: 'Connected', to: 'Disconnected', decision: decide('resume', 4000, '4000 unknown error') })
      .at(2_000, { from: 'Disconnected', to: 'Disconnected', decision })
      .at(3_000, { from: 'Disconnected', to: 'Connecting' });
    expect(times(sum(log))).toMatchObject({ Disconnected: 2_000 });
    const until = sum(log, { until: 2_500 }).shards[0];
    expect(until).toMatchObject({ state: 'Disconnected', stateSince: THREE + 1_000 });
  });

  test('of a closing shard is kept apart from the shard that replaced it', () => {
    const log = new Log().up(0);
    log
      .up(10_000, 0, true, 2)
      .at(10_500, { from: 'Connected', to: 'Disconnected', decision: decide('close', 1000, 'shutdown requested') })
      .drop(20_000, 0, undefined, 2)
      .at(21_500, { from: 'Disconnected', to: 'Offline' })
      .at(30_000, { life: 2, from: 'Connected', to: 'Disconnected', decision: decide('resume', 1006, '1006') });
    const totals = sum(log);
    expect(times(totals)).toEqual({
      Connecting: 300,
      Identifying: 400,
      Resuming: 100,
      Connected: 10_200 + 9_700 + 9_800,
      Disconnected: 11_000,
    });
    expect(totals.shards).toMatchObject([
      { shardId: 0, identifies: 2, reconnects: 2, state: 'Disconnected', stateSince: THREE + 30_000 },
    ]);
  });

  test('in Offline ends when another shard takes over', () => {
    const log = new Log().up(0).at(1_000, { from: 'Connected', to: 'Offline' }).up(3_000, 0, true, 2);
    expect(times(sum(log, { until: 13_300 }))).toMatchObject({ Connected: 10_700, Offline: 2_000 });
  });

  test('of two lives continues in a rotated file, which numbers them again', () => {
    const closing = decide('close', 1000, 'shutdown requested');
    const log = new Log()
      .up(0)
      .up(1_000, 0, true, 2)
      .at(2_000, { from: 'Connected', to: 'Disconnected', decision: closing })
      .process()
      .at(5_000, { life: 1, from: 'Connected', to: 'Connecting' })
      .at(5_500, { life: 2, from: 'Disconnected', to: 'Offline' });
    expect(times(sum(log))).toMatchObject({ Connected: 1_700 + 3_700, Disconnected: 3_500, Connecting: 700 });
    expect(sum(log).shards).toMatchObject([{ state: 'Connecting' }]);
  });

  test('is not counted where a file in between is missing', () => {
    const log = new Log().up(0).process().at(50_000, { from: 'Resuming', to: 'Connected' });
    expect(times(sum(log, { until: 60_000 }))).toEqual({ Connecting: 100, Identifying: 200, Connected: 10_000 });
  });

  test('adds up to the whole, wherever --since and --until cut it', () => {
    const log = new Log().up(0, 0).up(500, 1).drop(2_000, 0).drop(4_000, 1).drop(4_500, 0).process().up(8_000, 0);
    const moment = fc.integer({ min: -1_000, max: 10_000 });
    fc.assert(
      fc.property(fc.tuple(moment, moment, moment), (moments) => {
        const [since, cut, until] = moments.toSorted((a, b) => a - b) as [number, number, number];
        expect(spent(log, since, cut) + spent(log, cut, until)).toBe(spent(log, since, until));
      }),
    );
  });
});

describe('counts', () => {
  test('identifies count granted slots, resumes count attempts', () => {
    const log = new Log()
      .up(0)
      .drop(1_000)
      .at(2_000, {
        from: 'Connected',
        to: 'Disconnected',
        decision: decide('identify', 4009, '4009 session timed out'),
      })
      .at(2_000, { from: 'Disconnected', to: 'Connecting' })
      .at(2_100, { from: 'Connecting', to: 'Identifying' })
      .at(2_200, {
        from: 'Identifying',
        to: 'Identifying',
        decision: decide('identify', null, 'identify grant ran out'),
      })
      // Sent, but never answered.
      .at(9_000, {
        from: 'Identifying',
        to: 'Disconnected',
        decision: decide('identify', 4900, 'no READY in time'),
        since: ['xstate.after.decided', 'slot.granted'],
      });
    const counts = { identifies: 2, ready: 1, resumes: 1, resumed: 1, slotsLost: 1, reconnects: 3, fatal: 0 };
    expect(sum(log)).toMatchObject(counts);
    expect(sum(log).shards).toMatchObject([{ shardId: 0, ...counts }]);
    expect(sum(log).endings.map(({ reason }) => reason)).toEqual([
      '1006 connection lost',
      '4009 session timed out',
      'no READY in time',
    ]);
    expect(sum(log, { states: new Set(['Resuming']) })).toMatchObject({ identifies: 0, resumes: 1, reconnects: 0 });
  });

  test('have each record once, even where a copy of the log is read too', () => {
    const before = new Log().up(0).drop(1_000);
    const after = new Log().up(0).drop(1_000).drop(2_000);
    const copied = { records: [...before.records, ...after.records, ...before.records] } as unknown as Log;
    expect(sum(copied)).toEqual(sum(after));
    expect(sum(copied)).toMatchObject({ identifies: 1, reconnects: 2, records: 11 });
  });

  test('endings are grouped by reason, most frequent first, with the actions that followed', () => {
    const log = new Log()
      .up(0)
      .drop(1_000, 0, decide('resume', 4000, '4000 unknown error'))
      .drop(2_000, 0, decide('resume', 1006, '1006 connection lost: connect ECONNREFUSED 10.0.0.1:443'))
      .drop(3_000, 0, decide('identify', 1006, '1006 connection lost; the resume URL failed 3 times in a row'))
      .at(4_000, { from: 'Connected', to: 'Offline', decision: decide('fatal', 4014, '4014 disallowed intents') });
    expect(sum(log)).toMatchObject({ reconnects: 3, fatal: 1 });
    expect(sum(log).endings).toEqual([
      {
        reason: '1006 connection lost',
        count: 2,
        actions: { resume: 1, identify: 1 },
        latest: '1006 connection lost; the resume URL failed 3 times in a row',
      },
      { reason: '4000 unknown error', count: 1, actions: { resume: 1 }, latest: '4000 unknown error' },
      { reason: '4014 disallowed intents', count: 1, actions: { fatal: 1 }, latest: '4014 disallowed intents' },
    ]);
  });

  test('a user’s close is an ending, but not a reconnect', () => {
    const log = new Log()
      .up(0)
      .at(1_000, { from: 'Connected', to: 'Disconnected', decision: decide('close', 1000, 'shutdown requested') })
      .at(1_001, { from: 'Disconnected', to: 'Offline' })
      .at(1_002, { from: 'Offline', to: 'Offline', decision: decide('close', 1000, 'close requested') });
    expect(sum(log)).toMatchObject({
      reconnects: 0,
      endings: [{ reason: 'shutdown requested', actions: { close: 1 } }],
    });
  });

  test('a fatal code in answer to our close counts as fatal', () => {
    const log = new Log()
      .up(0)
      .at(1_000, { from: 'Connected', to: 'Disconnected', decision: decide('resume', 4900, 'zombie') })
      .at(1_001, {
        from: 'Disconnected',
        to: 'Offline',
        decision: decide('fatal', 4004, '4004 authentication failed'),
      });
    expect(sum(log)).toMatchObject({ fatal: 1, endings: [{ count: 1 }, { reason: '4004 authentication failed' }] });
  });

  test('reasons beyond the first 200 are counted as one', () => {
    const log = new Log().up(0);
    for (let n = 0; n < 500; n++) log.drop(1_000 + n * 1_000, 0, decide('resume', 4900, `reason ${n}`));
    const { endings, reconnects } = sum(log);
    expect(endings.length).toBeLessThan(300);
    expect(endings[0]).toMatchObject({ reason: 'other reasons', latest: 'reason 499' });
    expect(endings.reduce((total, { count }) => total + count, 0)).toBe(reconnects);
  });

  test('shards are listed worst first: by fatal, reconnects, time away, then id', () => {
    const log = new Log().up(0, 0).up(0, 1).up(0, 2).up(1_000, 3).up(0, 4);
    log
      .drop(2_000, 2)
      .at(2_500, { shardId: 4, from: 'Connected', to: 'Offline', decision: decide('fatal', 4014, 'x') });
    expect(sum(log).shards.map(({ shardId }) => shardId)).toEqual([4, 2, 0, 1, 3]);
  });

  test('of an empty log are 0', () => {
    expect(sum(new Log())).toMatchObject({ records: 0, from: null, until: null, shards: [], endings: [] });
    expect(sum(new Log().up(0), { since: 10_000 })).toMatchObject({ records: 0, from: null, shards: [] });
  });
});
