import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../src/audit/index.js';
import { parseFilter } from '../../src/cli/commands/audit/filter.js';
import { reportTotals } from '../../src/cli/commands/audit/reportTotals.js';
import { WallClock } from '../../src/cli/commands/audit/time.js';
import { Timeline } from '../../src/cli/commands/audit/timeline.js';
import { TotalsCounter } from '../../src/cli/commands/audit/totals.js';
import { reportVerdict } from '../../src/cli/commands/audit/verify.js';
import type { Output } from '../../src/cli/terminal/output.js';
import { decide, Log, THREE } from './auditRecords.js';

const clock = new WallClock(true);
const DAY_MS = 86_400_000;
/** Text of a gateway that tries to control the reader's terminal. */
const hostile = decide('resume', 4000, '4000 unknown error: \u001B[2Jgone\nfake\u009B1A');

function page(columns = 80): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const line = (text = '') => void lines.push(text);
  return { output: { colors: createColors(false), columns, line, status: () => {} }, lines };
}

function timeline({ records }: Log, options: Parameters<typeof parseFilter>[0] = {}, columns?: number): string[] {
  const { output, lines } = page(columns);
  const shown = new Timeline(output, parseFilter({ utc: true, ...options }, THREE + DAY_MS), clock);
  for (const record of records) shown.add(record);
  return lines;
}

function report({ records }: Log, options: Parameters<typeof parseFilter>[0] = {}): string[] {
  const { output, lines } = page();
  const filter = parseFilter({ utc: true, ...options }, THREE + DAY_MS);
  const totals = new TotalsCounter(filter);
  for (const record of records) totals.add(record);
  reportTotals(output, totals.finish(THREE + DAY_MS), { states: filter.states, clock });
  return lines;
}

function said(verdict: Parameters<typeof reportVerdict>[1]): string[] {
  const { output, lines } = page();
  reportVerdict(output, verdict);
  return lines;
}

describe('the timeline', () => {
  test('has a line for each record: time, shard, states, reason and what follows', () => {
    const log = new Log().up(0, 3);
    const dropped = { ...decide('resume', 1006, '1006 connection lost'), delay: 1_234, attempt: 2 };
    expect(timeline(log.drop(61_005, 3, dropped))).toEqual([
      'Saturday 2026-11-21, UTC',
      '03:00:00.000  shard 3  Offline      -> Connecting    connect requested',
      '03:00:00.100  shard 3  Connecting   -> Identifying   HELLO',
      '03:00:00.300  shard 3  Identifying  -> Connected     READY',
      '03:01:01.005  shard 3  Connected    -> Disconnected  1006 connection lost',
      '                                                     resume in 1234 ms',
      '                                                     after attempt 1',
      '03:01:01.005  shard 3  Disconnected -> Connecting    to the resume URL',
      '03:01:01.105  shard 3  Connecting   -> Resuming      HELLO',
      '03:01:01.205  shard 3  Resuming     -> Connected     RESUMED',
    ]);
  });

  test('stays within 80 columns, and lines up for shards of two digits', () => {
    const reason = '1006 connection lost: getaddrinfo ENOTFOUND gateway.discord.gg';
    const lines = timeline(
      new Log()
        .up(0, 10)
        .up(0, 2)
        .drop(1_000, 2, decide('identify', 1006, reason)),
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(new Set(lines.filter((line) => line.includes('->')).map((line) => line.indexOf('->')))).toEqual(
      new Set([37]),
    );
  });

  test('has a heading for each day', () => {
    const days = timeline(new Log().up(0).drop(DAY_MS)).filter((line) => line.includes('day'));
    expect(days).toEqual(['Saturday 2026-11-21, UTC', 'Sunday 2026-11-22, UTC']);
  });

  test('marks where a process begins and where records are missing', () => {
    const log = new Log().up(0).lose(1).drop(1_000).process().up(9_000);
    const marks = timeline(log, {}, 120).map((line) => (line.startsWith('---') ? line : line.slice(0, 12)));
    expect(marks.slice(4, 6)).toEqual(['--- records are missing here ---', '03:00:01.000']);
    expect(marks.slice(9, 11)).toEqual(['--- a new process ---', '03:00:09.000']);
  });

  test('uses a decision that the filter hides for the record after it', () => {
    expect(timeline(new Log().up(0).drop(1_000), { state: 'Connecting', since: '2026-11-21T03:00:00.5' })[1]).toMatch(
      /Disconnected -> Connecting +to the resume URL/,
    );
  });

  test('keeps the decisions of two shards of one id apart', () => {
    const log = new Log()
      .at(0, { from: 'Connected', to: 'Disconnected', decision: decide('resume', 4000, '4000 unknown error') })
      .at(1, { life: 2, from: 'Connected', to: 'Disconnected', decision: decide('identify', 4009, '4009 timed out') })
      .at(2, { from: 'Disconnected', to: 'Connecting', event: { type: 'xstate.after.decided' } });
    expect(timeline(log, {}, 120).at(-1)).toMatch(/ to the resume URL$/);
  });

  test('escapes control characters of a reason', () => {
    const log = new Log()
      .up(0)
      .drop(1_000, 0, hostile)
      .at(2_000, { from: 'Connected', to: 'Disconnected', event: { type: 'odd\u0007' } });
    const lines = timeline(log, {}, 120);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines.join('')).toContain('4000 unknown error: \\u001b[2Jgone\\u000afake\\u009b1A');
  });

  test('prints a READY of an edited log whose session is invalid', () => {
    const event = { type: 'gateway.ready', session: { id: 7 } } as unknown as AuditRecord['event'];
    const odd = { type: 'gateway.ready', session: undefined } as unknown as AuditRecord['event'];
    const log = new Log()
      .at(0, { from: 'Identifying', to: 'Connected', event })
      .at(1, { from: 'Identifying', to: 'Connected', event: odd });
    expect(timeline(log)[1]).toContain('READY: session 7');
  });
});

describe('the totals', () => {
  const log = new Log()
    .up(0, 0)
    .up(0, 1)
    .drop(30_000, 0)
    .drop(40_000, 0, decide('resume', 4000, '4000 unknown error: try again'))
    .at(60_000, {
      shardId: 1,
      from: 'Connected',
      to: 'Offline',
      decision: decide('fatal', 4014, '4014 disallowed intents'),
    });

  test('have a headline, times, counts, reasons and a table of shards', () => {
    expect(report(log)).toEqual([
      '2 shards, 2026-11-21 03:00:00.000 to 03:01:00.000 (1m 00s)',
      '',
      '  Offline          0.00s    0.0 %',
      '  Connecting       0.40s    0.3 %',
      '  Identifying      0.40s    0.3 %',
      '  Resuming         0.20s    0.2 %',
      '  Connected       1m 59s   99.2 %',
      '  Disconnected     0.00s    0.0 %',
      '',
      '  identifies           2  2 answered with READY',
      '  resumes              2  2 answered with RESUMED',
      '  reconnects           2',
      '  fatal                1',
      '',
      'Why connections ended, and what followed',
      '       1  1006 connection lost · resume',
      '       1  4000 unknown error · resume',
      '          latest: 4000 unknown error: try again',
      '       1  4014 disallowed intents · fatal',
      '',
      'shard  reconnects  identifies  resumes  fatal  Connected  at the end, since',
      '    1           0           1        0      1     99.5 %  Offline 03:01:00',
      '    0           2           1        2      0     98.8 %  Connected 03:00:40',
    ]);
  });

  test('escape control characters of a reason', () => {
    const lines = report(
      new Log()
        .up(0)
        .drop(1_000, 0, { ...hostile, code: null })
        .drop(2_000, 0, hostile),
    );
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines.filter((line) => line.includes('\\u001b[2Jgone\\u000afake\\u009b1A'))).toHaveLength(2);
  });

  test('filtered by one state show its share of the whole time', () => {
    const lines = report(log, { state: 'identifying', shard: '0' });
    expect(lines.slice(0, 4)).toEqual([
      '1 shard, 2026-11-21 03:00:00.000 to 03:01:00.000 (1m 00s)',
      '',
      '  Identifying      0.20s    0.3 %',
      '',
    ]);
  });

  test('of 64 shards list the ten worst and count the others', () => {
    const many = new Log();
    for (let id = 0; id < 64; id++) many.up(id, id);
    for (let id = 20; id < 40; id++) many.drop(1_000 + id, id);
    const lines = report(many);
    expect(lines.at(-1)).toBe('and 54 shards with fewer problems; choose with --shard, or list all with --json');
    expect(lines.at(-2)).toMatch(/^ +\d+ +1 +1 +1 +0 /);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('mark a shard whose process ended before the log', () => {
    const lines = report(new Log().up(0, 0).up(500, 1).process().up(DAY_MS, 0));
    expect(lines.at(-1)).toMatch(/Connected until its process ended, 11-21 03:00$/);
    expect(lines[0]).toBe('2 shards, 2026-11-21 03:00:00.000 to 2026-11-22 03:00:00.300 (1d 00h)');
  });

  test('show 100 % only for all of the time', () => {
    expect(report(new Log().up(0), { until: '2026-11-22T03:00' })).toContain('  Connected      23h 59m  99.999 %');
  });
});

describe('the verdict', () => {
  test('counts verified records and shards', () => {
    expect(said({ ok: true, records: 1, shards: 2 })).toEqual(['verified: 1 record of 2 shards']);
  });

  test('names the line and the reason, what was expected and what was found', () => {
    const divergence = {
      ok: false,
      index: 6,
      record: { n: 7 },
      expected: 'Resuming',
      found: null,
      reason: 'wrong',
    } as const;
    expect(said({ ok: false, file: 'bot.log', line: 8, divergence })).toEqual([
      'bot.log, line 8: does not verify',
      '  wrong',
      '',
      '  expected  Resuming',
      '     found  null',
      '    record  {"n":7}',
    ]);
  });

  test('escapes control characters in every field', () => {
    const divergence = {
      ok: false,
      index: 0,
      record: hostile,
      expected: '\u001B[2J',
      found: '\n',
      reason: '\u009B',
    } as const;
    expect(said({ ok: false, file: 'bot.log', line: 1, divergence }).join('')).not.toMatch(/\p{Cc}/u);
  });

  test('leaves out absent fields, and cuts long ones', () => {
    const found = { text: 'x'.repeat(10_000) };
    const divergence = { ok: false, index: 6, record: null, expected: undefined, found, reason: 'wrong' } as const;
    const lines = said({ ok: false, file: 'bot.log', line: 8, divergence });
    expect(lines[3]).toMatch(/^ +found {2}\{"text":"x/);
    expect(lines.length).toBeLessThan(15);
    expect(lines.at(-1)).toContain('10011 characters');
  });
});
