import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Lifecycle } from '../../machines/index.js';
import { foldLog } from '../../src/dashboard/playback/foldLog.js';
import type { Entry } from '../../src/dashboard/playback/entries.js';
import { shownStates } from '../../src/dashboard/live/views.js';
import type { AuditTimeline } from '../../src/dashboard/messages.js';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import { createAuditLog } from '../../src/index.js';
import type { Decision } from '../../src/protocol/decision.js';
import { managed } from '../manager/rig.js';
import { until } from '../shard/rig.js';
import { endStates, fold, logOf, newLog } from './auditRig.js';

const lines = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
const record = (line: string) => JSON.parse(line) as { at: number; n: number; shardId: number };

describe('the log of real shards', () => {
  test(
    'through faults, a restart and a reshard, ends in the shards’ real states',
    { timeout: 30_000 },
    managed({ simulator: { maxConcurrency: 4 }, manager: { total: 3 } }, async ({ manager, simulator }) => {
      const file = newLog();
      const log = createAuditLog({ file });
      log.attach(manager);
      await manager.connect();
      simulator.apply({ reset: true }, 1);
      await until(() => manager.shards.get(1)?.stats.connections === 2 && manager.shards.get(1)?.state === 'Connected');
      await manager.restart({ rolling: true });
      await manager.reshard(4);
      await manager.shards.get(2)?.close();
      await log.close();
      const { timeline, shards } = await fold(file);
      expect(timeline.shardIds).toEqual([0, 1, 2, 3]);
      expect(endStates(timeline)).toEqual(
        Object.fromEntries([...manager.shards].map(([id, { state }]) => [id, state])),
      );
      expect([...shards.values()].flat()).toHaveLength(lines(file).length);
      const times = timeline.moves.filter((_, n) => n % 3 === 0);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(timeline.to).toBe(Math.max(...lines(file).map((line) => record(line).at)));
      expect(timeline.incidents).toContainEqual(
        expect.objectContaining({ action: 'resume', code: 1006, shards: 1, ids: [1], down: 0 }),
      );
    }),
  );

  test(
    'is the same however the log is cut into files, and in any order of the files',
    managed({ simulator: { maxConcurrency: 2 }, manager: { total: 2 } }, async ({ manager }) => {
      const [whole, ...parts] = [newLog(), newLog(), newLog()];
      const log = createAuditLog({ file: whole as string });
      const logs = parts.map((file) => createAuditLog({ file }));
      log.attach(manager);
      manager.on('shard', (shard) => logs[shard.id]?.attach(shard));
      await manager.connect();
      await manager.restart();
      await Promise.all([log, ...logs].map((it) => it.close()));
      const { timeline } = await fold(whole as string);
      const merged = await fold(...parts.toReversed());
      expect(withoutOrder(merged.timeline)).toEqual(withoutOrder(timeline));
    }),
  );
});

/** Moves at the same time may have any order, and so may the shards that an incident met at the same time. */
const withoutOrder = ({ moves, incidents, ...rest }: Omit<AuditTimeline, 'files' | 'skipped'>) => ({
  ...rest,
  moves: sorted(moves),
  incidents: incidents.map((incident) => ({ ...incident, ids: incident.ids.toSorted() })),
});

const sorted = (moves: readonly number[]) =>
  Array.from({ length: moves.length / 3 }, (_, n) => moves.slice(n * 3, n * 3 + 3).join(' ')).toSorted();

const lost = (action: Decision['action'], reason = 'lost'): Decision => ({
  action,
  code: 1006,
  reason,
  attempt: 1,
  delay: 0,
});

interface RecordInput {
  readonly at: number;
  readonly to: Lifecycle;
  readonly from?: Lifecycle;
  readonly shardId?: number;
  readonly run?: number;
  readonly life?: number;
  readonly isBirth?: boolean | null;
  readonly decision?: Decision;
}

/** Entries of invented records: each one begins where the last one of its run and life ended. */
function entriesOf(...records: readonly RecordInput[]): Entry[] {
  const states = new Map<string, Lifecycle>();
  return records.map(({ shardId = 0, run = 1, life = 1, decision = null, ...rest }) => {
    const key = `${run} ${life}`;
    const isFirst = !states.has(key);
    const from = rest.from ?? states.get(key) ?? 'Offline';
    states.set(key, rest.to);
    const { at, to, isBirth = isFirst ? true : null } = rest;
    return { at, shardId, run, life, from, to, isBirth, decision, text: '' };
  });
}

const course = (...records: readonly RecordInput[]) =>
  foldLog(entriesOf(...records)).timeline.incidents.map((incident) =>
    Object.assign(incident, { course: incident.course.join(' ') }),
  );
const movesOf = (...records: readonly RecordInput[]) => {
  const { moves } = foldLog(entriesOf(...records)).timeline;
  return Array.from(
    { length: moves.length / 3 },
    (_, n) => `${moves[n * 3]} ${shownStates[moves[n * 3 + 2] as number]}`,
  );
};
const endOf = (...records: readonly RecordInput[]) => endStates(foldLog(entriesOf(...records)).timeline)[0];

describe('several lives of one shard', () => {
  test('after a killed process the next one decides the state of the shard', () => {
    expect(
      movesOf(
        { at: 5, to: 'Connecting' },
        { at: 6, to: 'Connected' },
        { at: 90, to: 'Connecting', run: 2 },
        { at: 95, to: 'Offline', run: 2 },
      ),
    ).toEqual(['0 Offline', '0 Connecting', '1 Connected', '85 Connecting', '90 Offline']);
  });

  test('in a reshard the new shard takes over, and later records of the old one move nothing', () => {
    expect(endOf({ at: 1, to: 'Connected' }, { at: 2, to: 'Connected', life: 2 }, { at: 3, to: 'Offline' })).toBe(
      'Connected',
    );
  });

  test('after an abandoned reshard the old shard stands for its id', () => {
    expect(
      endOf({ at: 1, to: 'Connected' }, { at: 2, to: 'Connecting', life: 2 }, { at: 3, to: 'Offline', life: 2 }),
    ).toBe('Connected');
  });

  test('a shard continues in the next file of a rotated log', () => {
    const rotated = [
      { at: 1, to: 'Connected' },
      { at: 2, to: 'Disconnected', decision: lost('resume') },
      { at: 3, to: 'Connecting', from: 'Disconnected', run: 2, isBirth: false },
    ] as const;
    expect(course(...rotated)).toMatchObject([{ down: 1, course: '1 1' }]);
    expect(course(...rotated, { at: 4, to: 'Connected', run: 2 })).toMatchObject([{ down: 0, course: '1 1 3 -1' }]);
  });

  test('a shard that was down when its process was killed leaves its incident when the next process begins', () => {
    expect(
      course(
        { at: 1, to: 'Connected' },
        { at: 2, to: 'Disconnected', decision: lost('resume') },
        { at: 50, to: 'Connecting', run: 2 },
      ),
    ).toMatchObject([{ down: 0, lost: 1, endedAt: 50, course: '1 1 49 -2' }]);
  });
});

test('a shard with a fatal close is shown as fatal until another replaces it', () => {
  const refused = { at: 7, to: 'Offline', decision: lost('fatal') } as const;
  expect(movesOf({ at: 5, to: 'Connecting' }, refused, { at: 9, to: 'Connecting', life: 2 })).toEqual([
    '0 Offline',
    '0 Connecting',
    '2 fatal',
    '4 Connecting',
  ]);
  expect(movesOf(refused, { at: 9, to: 'Offline', decision: lost('close') })).toEqual([
    '0 Offline',
    '0 fatal',
    '2 Offline',
  ]);
  expect(movesOf(refused, { at: 9, to: 'Connecting', from: 'Offline', run: 2, isBirth: false })).toEqual([
    '0 Offline',
    '0 fatal',
    '2 Connecting',
  ]);
});

test('the course of an incident has each shard that was met, met again and up again', () => {
  const [incident] = course(
    { at: 1_000, to: 'Disconnected', decision: lost('resume') },
    { at: 1_001, to: 'Disconnected', decision: lost('resume'), shardId: 1, life: 2 },
    { at: 1_002, to: 'Disconnected', decision: lost('resume') },
    { at: 1_003, to: 'Connected' },
    { at: 1_004, to: 'Disconnected', decision: lost('resume') },
    { at: 1_005, to: 'Connected' },
    { at: 1_006, to: 'Connected', shardId: 1, life: 2 },
  );
  expect(incident).toMatchObject({
    at: 1_000,
    lastAt: 1_004,
    shards: 2,
    ids: [0, 1],
    endedAt: 1_006,
    course: '0 1 1 1 2 0 3 -1 4 2 5 -1 6 -1',
  });
});

test('a clock that was set back does not reorder the records of a life', async () => {
  const base = {
    v: AUDIT_VERSION,
    shardId: 0,
    life: 1,
    event: { type: 'x' },
    decision: null,
    session: null,
    since: [],
    check: '00000000',
  };
  const file = logOf([
    { ...base, n: 1, after: null, at: 100, from: 'Offline', to: 'Connecting' },
    { ...base, n: 2, at: 40, from: 'Connecting', to: 'Identifying' },
    { ...base, n: 3, at: 45, from: 'Identifying', to: 'Connected' },
  ]);
  const { timeline } = await fold(file);
  expect(timeline).toMatchObject({ from: 100, to: 100 });
  expect(endStates(timeline)).toEqual({ 0: 'Connected' });
});
