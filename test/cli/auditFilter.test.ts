import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { matches, parseFilter } from '../../src/cli/commands/audit/filter.js';
import { reasonGroup } from '../../src/cli/commands/audit/reasonGroup.js';
import { parseTime, showDuration, WallClock } from '../../src/cli/commands/audit/time.js';
import { UsageError } from '../../src/cli/exitCode.js';
import { closedByGateway, causes } from '../../src/protocol/decision.js';
import { Log, THREE } from './auditRecords.js';
import { plainEnv } from './command.js';

const utc = { now: THREE, isUtc: true };
const local = { now: THREE, isUtc: false };
const iso = (ms: number) => new Date(ms).toISOString();

describe('a time', () => {
  test.each([
    ['now', '2026-11-21T03:00:00.000Z'],
    ['90s', '2026-11-21T02:58:30.000Z'],
    ['15m', '2026-11-21T02:45:00.000Z'],
    ['2H', '2026-11-21T01:00:00.000Z'],
    ['3d', '2026-11-18T03:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T14:05', '2026-11-20T14:05:00.000Z'],
    ['2026-11-20 14:05:09.5', '2026-11-20T14:05:09.500Z'],
    ['2026-11-20T14:05:09.123456Z', '2026-11-20T14:05:09.123Z'],
    ['2026-11-20T14:05+05:30', '2026-11-20T08:35:00.000Z'],
    ['2026-11-20T14:05-0800', '2026-11-20T22:05:00.000Z'],
    ['02:15', '2026-11-21T02:15:00.000Z'],
    ['02:15:30.25', '2026-11-21T02:15:30.250Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%s, at three in the morning, is %s', (text, expected) => expect(iso(parseTime(text, utc))).toBe(expected));

  test('later than now means yesterday', () => {
    expect(iso(parseTime('23:50', utc))).toBe('2026-11-20T23:50:00.000Z');
  });

  test.each([
    ['the night the clocks go back, a day of 25 hours', [2026, 10, 25, 23, 30], [2026, 10, 24, 23, 50]],
    ['the night after they went forward, a day of 23 hours', [2026, 3, 30, 0, 30], [2026, 3, 29, 23, 50]],
    ['the first night of a year', [2027, 1, 1, 0, 30], [2026, 12, 31, 23, 50]],
  ])('of yesterday is computed by the calendar: %s', (_, now, expected) => {
    const time = new URL('../../dist/src/cli/commands/audit/time.js', import.meta.url).href;
    const script = `
      import { parseTime } from ${JSON.stringify(time)};
      const at = ([year, month, ...others]) => new Date(year, month - 1, ...others).getTime();
      const found = parseTime('23:50', { now: at(${JSON.stringify(now)}), isUtc: false });
      console.log((found - at(${JSON.stringify(expected)})) / 3_600_000, new Date(found).getTimezoneOffset());`;
    const env = { ...plainEnv, TZ: 'Europe/Berlin' };
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    expect(said).toMatch(/^0 -(60|120)\n$/);
  });

  test('without a zone is local', () => {
    expect(parseTime('2026-07-01T12:30', local)).toBe(new Date(2026, 6, 1, 12, 30).getTime());
    expect(parseTime('2026-07-01', local)).toBe(new Date(2026, 6, 1).getTime());
    expect(new Date(parseTime('02:15', local)).getHours()).toBe(2);
    expect(parseTime('2026-07-01T12:30Z', local)).toBe(Date.UTC(2026, 6, 1, 12, 30));
  });

  test.each(['', 'yesterday', '15', '5w', '2026-02-30', '2026-13-01', '25:00', '12:60', '2026-11-21T03', '-5m', '5 m'])(
    '"%s" is none',
    (text) => expect(() => parseTime(text, utc)).toThrow(UsageError),
  );

  test('is shown with its day and zone', () => {
    const clock = new WallClock(true);
    expect(clock.time(THREE + 61_005)).toBe('03:01:01.005');
    expect(clock.day(THREE)).toBe('Saturday 2026-11-21, UTC');
    const date = new Date(THREE);
    expect(new WallClock(false).time(THREE).slice(0, 2)).toBe(String(date.getHours()).padStart(2, '0'));
    expect(new WallClock(false).date(THREE).slice(-2)).toBe(String(date.getDate()).padStart(2, '0'));
  });
});

test.each([
  [0, '0.00s'],
  [999, '0.99s'],
  [12_345, '12.34s'],
  [59_999, '59.99s'],
  [60_000, '1m 00s'],
  [3_599_999, '59m 59s'],
  [7_500_000, '2h 05m'],
  [266_400_000, '3d 02h'],
])('%i ms is shown as %s', (ms, text) => expect(showDuration(ms)).toBe(text));

describe('a filter', () => {
  const { records } = new Log().up(0, 0).up(1_000, 7).drop(60_000, 12);
  const chosen = (options: Parameters<typeof parseFilter>[0]) => {
    const filter = parseFilter({ utc: true, ...options }, THREE);
    return records.filter((record) => matches(filter, record)).map(({ shardId, to }) => `${shardId} ${to}`);
  };

  test('without options passes every record', () => expect(chosen({})).toHaveLength(records.length));

  test('by shards takes ids and ranges', () => {
    expect(new Set(chosen({ shard: '0, 10-999999999' }).map((text) => text.split(' ')[0]))).toEqual(
      new Set(['0', '12']),
    );
    expect(chosen({ shard: '8-11' })).toEqual([]);
  });

  test('by state takes records from or to it, in upper or lower case', () => {
    expect(chosen({ state: 'RESUMING' })).toEqual(['12 Resuming', '12 Connected']);
    expect(chosen({ state: 'resuming, disconnected' })).toHaveLength(4);
  });

  test('by time includes both ends', () => {
    expect(chosen({ since: '2026-11-21T03:01:00', until: '2026-11-21T03:01:00.100' })).toEqual([
      '12 Disconnected',
      '12 Connecting',
      '12 Resuming',
    ]);
  });

  test.each<[Parameters<typeof parseFilter>[0], string]>([
    [{ shard: 'all' }, '"all" is not a shard id'],
    [{ shard: '3-1' }, '"3-1" is not a shard id'],
    [{ shard: '1,' }, '"" is not a shard id'],
    [{ state: 'Ready' }, 'Offline, Connecting, Identifying, Resuming, Connected, Disconnected'],
    [{ since: 'noon' }, '"noon" is not a time'],
    [{ until: '1x' }, '"1x" is not a time'],
    [{ since: '1h', until: '2h' }, '--since 1h is after --until 2h'],
  ])('%o is refused', (options, message) => {
    expect(() => parseFilter(options, THREE)).toThrow(UsageError);
    expect(() => parseFilter(options, THREE)).toThrow(message);
  });
});

describe('reasons are grouped by what they have in common', () => {
  test.each([
    [
      '1006 connection lost',
      closedByGateway({ code: 1006, reason: 'connect ECONNREFUSED 127.0.0.1:9', retryAfterMs: null }).reason,
    ],
    [
      'no connection',
      closedByGateway({ code: 1006, reason: 'connect ECONNREFUSED', retryAfterMs: null, opened: false }).reason,
    ],
    ['1006 connection lost', '1006 connection lost; the resume URL failed 3 times in a row'],
    [
      '4014 disallowed intents',
      closedByGateway({ code: 4014, reason: 'Disallowed intent(s).', retryAfterMs: null }).reason,
    ],
    ['4242 unknown code', closedByGateway({ code: 4242, reason: 'what', retryAfterMs: null }).reason],
    [causes.zombie.reason, `${causes.zombie.reason}; autoReconnect is off`],
    [causes.corrupted.reason, `${causes.corrupted.reason}: incorrect header check`],
    [causes.resumedTimeout.reason, causes.resumedTimeout.reason],
    ['going to bed', 'going to bed; autoReconnect is off'],
    ['no reason given', ''],
  ])('%s', (group, reason) => {
    const code = /^\d{4}/.exec(reason)?.[0];
    expect(reasonGroup({ code: code === undefined ? 4900 : Number(code), reason })).toBe(group);
  });

  test('every cause forms its own group', () => {
    for (const { code, reason } of Object.values(causes)) expect(reasonGroup({ code, reason })).toBe(reason);
  });
});
