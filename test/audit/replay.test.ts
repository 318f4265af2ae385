import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.js';
import { restore, step } from '../../src/audit/pureChart.js';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import { replayAudit, type AuditRecord, type Divergence, type ReplayRecord } from '../../src/index.js';
import { asLog, randomWalk, Recording, session, without } from './recording.js';

const story = (seed = 7, steps = 150) => randomWalk({ seed, steps, shards: 3 }).told;

/** Divergence of these records, which must have one. */
function divergence(records: Iterable<unknown>): Divergence {
  const result = replayAudit(records as Iterable<ReplayRecord>);
  if (result.ok) throw new Error('they replay');
  return result;
}

/** Three runs that follow one another in a log. */
const first = asLog(story(1));
const second = asLog(story(2), first.at(-1)?.check);
const third = asLog(story(3), second.at(-1)?.check);

const edited = (records: readonly AuditRecord[], index: number, changes: object) =>
  records.map((record, at) => (at === index ? { ...record, ...changes } : record));

const unchecked = (records: readonly AuditRecord[]) => without(records, 'check');

describe('the chart without effects', () => {
  test('has no action but assignments and messages to actors: the first are kept, the second not needed', () => {
    const kinds = Object.entries(shardMachine.implementations.actions).map(([name, action]) => [
      name,
      (action as unknown as { type: string }).type,
    ]);
    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.filter(([, kind]) => kind !== 'xstate.assign' && kind !== 'xstate.sendTo')).toEqual([]);
  });

  test('has the same context as the live chart after the same events', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { told } = randomWalk({ seed, steps: 200 });
      const records = told as readonly ReplayRecord[];
      records.forEach(({ start, since = [], event }, index) => {
        const next = records[index + 1]?.start;
        if (start === undefined || next === undefined) return;
        const { value, context } = [...since, event].reduce(step, restore(start));
        // Of several `dispatch.replayed` events in a row only the last is recorded.
        expect({ value, context }).toEqual({ ...next, context: { ...next.context, replayed: context.replayed } });
      });
    }
  });
});

describe('replayAudit', () => {
  test('is ok for any story of shards, live and from a log', () => {
    let records = 0;
    for (let seed = 1; seed <= 30; seed += 1) {
      const { told } = randomWalk({ seed, steps: 300, shards: 5 });
      const ok = { ok: true, records: told.length, shards: new Set(told.map(({ shardId }) => shardId)).size };
      expect(replayAudit(told)).toEqual(ok);
      expect(replayAudit(asLog(told))).toEqual(ok);
      records += told.length;
    }
    expect(records).toBeGreaterThan(2_000);
  });

  test('replays any slice of live records', () => {
    const told = story();
    for (let from = 0; from < told.length; from += 3) {
      expect(replayAudit(told.slice(from, from + 20))).toMatchObject({ ok: true });
    }
  });

  test('replays runs that follow one another, of the same shards', () => {
    const log = [...first, ...second, ...third];
    expect(replayAudit(log)).toMatchObject({ ok: true, records: log.length, shards: 3 });
  });

  test('answers an async iterable with a promise', async () => {
    expect(await replayAudit(Readable.from(asLog(story())))).toMatchObject({ ok: true });
  });

  test('is ok for no records', () => {
    expect(replayAudit([])).toEqual({ ok: true, records: 0, shards: 0 });
  });

  test('accepts a sequence ahead of the chart, as the socket counts it, and none behind it', () => {
    const recording = new Recording({ session });
    recording.sequence = 900;
    recording.tell({ type: 'connect', session: null });
    const [record] = asLog(recording.records) as [AuditRecord];
    expect(record.session).toEqual({ id: session.id, sequence: 900 });
    expect(replayAudit([record])).toMatchObject({ ok: true });
    expect(divergence(unchecked([{ ...record, session: { id: session.id, sequence: 6 } }]))).toMatchObject({
      index: 0,
      expected: 7,
      found: 6,
      reason: '`session.sequence` is behind what the chart knows',
    });
  });
});

describe('a log that was changed does not verify, and the place is named:', () => {
  const log = asLog(story());
  const place = fc.nat(log.length - 1);

  test('any value of any line edited', () => {
    const paths = (value: unknown, path: string[] = []): string[][] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key]))
        : [path];
    fc.assert(
      fc.property(place, fc.nat(), fc.anything(), (index, which, value) => {
        const copy = structuredClone(log);
        const all = paths(copy[index]);
        const path = all[which % all.length] as string[];
        let inner = copy[index] as unknown as Record<string, unknown>;
        for (const key of path.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
        const key = path.at(-1) as string;
        fc.pre(JSON.stringify(inner[key]) !== JSON.stringify(value));
        inner[key] = value;
        // Of a first line without a checksum only the second tells that there should be one.
        const place = path.join() === 'check' && value === undefined ? index + (index === 0 ? 1 : 0) : index;
        expect(divergence(copy).index).toBe(place);
      }),
      { numRuns: 300 },
    );
  });

  test('any property of any line taken away', () => {
    fc.assert(
      fc.property(place, fc.nat(), (index, which) => {
        const copy = structuredClone(log);
        const record = copy[index] as unknown as Record<string, unknown>;
        const keys = Object.keys(record);
        delete record[keys[which % keys.length] as string];
        expect(divergence(copy).index).toBeGreaterThanOrEqual(index);
        expect(divergence(copy).index).toBeLessThanOrEqual(index + 1);
      }),
    );
  });

  test('a line dropped', () => {
    fc.assert(
      fc.property(fc.nat(log.length - 2), (index) => {
        const { reason, ...where } = divergence(log.toSpliced(index, 1));
        expect(where).toMatchObject({ index, expected: index + 1, found: index + 2 });
        expect(reason).toBe(`record ${index + 1} is missing`);
      }),
    );
  });

  test('two lines swapped', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        fc.pre(a !== b);
        const copy = [...log];
        [copy[a], copy[b]] = [log[b] as AuditRecord, log[a] as AuditRecord];
        expect(divergence(copy).index).toBe(Math.min(a, b));
      }),
    );
  });

  test('a line doubled', () => {
    expect(divergence(log.toSpliced(9, 0, log[8] as AuditRecord))).toMatchObject({
      index: 9,
      reason: 'record 9 stands where record 10 belongs',
    });
  });

  test('the last lines of a run, a whole run, and runs in another order', () => {
    const reason = 'lines are missing before this run, or runs are out of order';
    const found = (...log: AuditRecord[][]) => {
      const { index, ...where } = divergence(log.flat());
      expect(where.reason).toBe(reason);
      return index;
    };
    for (let cut = 1; cut < first.length; cut += 1) {
      expect(found(first.slice(0, -cut), second)).toBe(first.length - cut);
    }
    expect(found(first, third)).toBe(first.length);
    expect(found(second, first)).toBe(second.length);
    expect(found(first, third, second)).toBe(first.length);
    expect(found(first, first)).toBe(first.length);
    // Where a replay begins, nothing is known of what was before.
    expect(replayAudit([...second, ...third])).toMatchObject({ ok: true });
    expect(replayAudit([...first, ...second.slice(0, -5)])).toMatchObject({ ok: true });
  });

  test('a hole or a swap in live records, which have neither numbers nor checksums', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { told } = randomWalk({ seed, steps: 150 });
      for (let index = 1; index < told.length - 1; index += 1) {
        const [one, other] = told.slice(index, index + 2) as [ReplayRecord, ReplayRecord];
        // A second close changes nothing where no connection is left to close.
        if (isDeepStrictEqual(one.start, other.start)) continue;
        const { reason } = divergence(told.toSpliced(index, 1));
        expect(reason).toMatch(/^`start` is not where shard 0 was: records of it are missing before this one/);
        expect(divergence(told.toSpliced(index, 2, other, one)).index).toBeLessThanOrEqual(index + 1);
      }
    }
  });

  test('lives mixed up', () => {
    const index = log.findIndex(({ life }, at) => at > 5 && life === 2);
    expect(divergence(edited(unchecked(log), index, { life: 1 })).index).toBe(index);
  });

  describe('and without checksums the chart alone finds', () => {
    const bare = unchecked(log);

    test('no divergence where nothing was edited', () => expect(replayAudit(bare)).toMatchObject({ ok: true }));

    test('another `to` or `from`', () => {
      fc.assert(
        fc.property(place, fc.constantFrom('from', 'to'), (index, field) => {
          const other = bare[index]?.[field as 'to'] === 'Connected' ? 'Resuming' : 'Connected';
          expect(divergence(edited(bare, index, { [field]: other }))).toMatchObject({ index, found: other });
        }),
      );
    });

    test('another decision', () => {
      bare.forEach(({ decision }, index) => {
        const other = decision === null ? { action: 'resume', code: 1, reason: '', attempt: 1, delay: 0 } : null;
        expect(divergence(edited(bare, index, { decision: other }))).toMatchObject({ index, found: other });
        if (decision === null) return;
        for (const change of [{ delay: decision.delay + 1 }, { attempt: 99 }, { reason: 'none' }, { code: 4_321 }]) {
          expect(divergence(edited(bare, index, { decision: { ...decision, ...change } })).index).toBe(index);
        }
      });
    });

    test('another event', () => {
      bare.forEach((_, index) => {
        expect(divergence(edited(bare, index, { event: { type: 'socket.settled' } })).index).toBe(index);
      });
    });

    test('another event in between', () => {
      const index = bare.findIndex(({ event }) => event.type === 'gateway.hello');
      expect(divergence(edited(bare, index, { since: [] })).index).toBe(index);
      const { reason } = divergence(edited(bare, index, { since: [{ type: 'gateway.reconnect' }] }));
      expect(reason).toBe('`since` has an event that makes a record of its own: gateway.reconnect');
    });

    test('another session', () => {
      const index = bare.findIndex(({ session }) => session !== null);
      expect(divergence(edited(bare, index, { session: { id: 'other', sequence: 7 } }))).toMatchObject({
        index,
        expected: session.id,
        found: 'other',
      });
    });
  });
});

describe('it says in words', () => {
  const log = asLog(story());
  const [first] = log as [AuditRecord];

  test('what the chart expected of an edited record', () => {
    const index = log.findIndex(({ to }) => to === 'Connected');
    expect(divergence(edited(log, index, { to: 'Resuming' }))).toEqual({
      ok: false,
      index,
      record: { ...log[index], to: 'Resuming' },
      expected: 'Connected',
      found: 'Resuming',
      reason: '`to` is not what the chart does on "gateway.ready"',
    });
  });

  test('that a record is of a newer or an older format', () => {
    expect(divergence([{ ...first, v: AUDIT_VERSION + 1, entirely: 'other' }]).reason).toBe(
      `format ${AUDIT_VERSION + 1}, written by a newer shardchart; this one reads format ${AUDIT_VERSION}`,
    );
    expect(divergence([{ v: 99 }]).reason).toMatch(/^format 99, written by a newer shardchart/);
    expect(divergence([{ ...first, v: 0 }]).reason).toMatch(/^format 0, written by an older shardchart/);
    expect(divergence([{ ...first, v: 'one' }]).reason).toBe('its format is not known');
  });

  test('that a slice of a log lacks its beginning', () => {
    expect(divergence(log.slice(5)).reason).toBe('records 1 to 5 are missing');
    const slice = without(log.slice(5), 'n', 'check', 'start');
    expect(divergence(slice).reason).toMatch(/^where shard \d started from is missing/);
  });

  test('that a checksum alone is wrong', () => {
    expect(divergence(edited(log, 3, { at: 12_345 })).reason).toMatch(/^it was edited: its checksum differs/);
  });
});

describe('it never throws, but says what is wrong:', () => {
  const log = asLog(story());
  const [first] = log as [AuditRecord];

  test.each([
    ['null', null],
    ['a number', 5],
    ['an empty object', {}],
    ['an array', []],
    ['a record without an event', { ...first, event: undefined }],
    ['an event without a type', { ...first, event: {} }],
    ['a state there is not', { ...first, to: 'Zombie' }],
    ['a start without a value', { ...first, start: { context: {} } }],
    ['a start in no state of the chart', { ...first, start: { value: 'Nowhere', context: {} } }],
    ['a start without facts', { ...first, start: { value: { Offline: 'idle' }, context: {} } }],
    ['a start of another shard', { ...first, shardId: first.shardId + 1 }],
    ['an event the chart throws on', { ...first, event: { type: 'socket.closed', code: Symbol('code') } }],
    ['no decision at all', { ...first, decision: 'none' }],
    ['what cannot be written as JSON', { ...first, extra: 5n }],
    [
      'a property that throws',
      Object.defineProperty({ ...first }, 'event', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('%s', (_, record) => {
    const { index, record: found } = divergence([record]);
    expect(index).toBe(0);
    expect(found).toBe(record);
    expect(divergence([first, record]).reason).not.toBe('');
  });

  test('anything at all', () => {
    fc.assert(fc.property(fc.array(fc.anything(), { minLength: 1 }), (records) => divergence(records).index === 0));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(first)), fc.anything(), (key, value) => {
        replayAudit([{ ...first, [key]: value }]);
      }),
    );
  });
});
