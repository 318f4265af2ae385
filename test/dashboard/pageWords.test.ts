import { describe, expect, test } from 'vitest';
import { describeIncident, describeOutcome, describeShards } from '../../src/dashboard/page/incidentWords.js';
import {
  describeCause,
  describeDecision,
  describeEvent,
  many,
  showBytes,
  showCount,
  showDuration,
  showExactTime,
  showMoment,
  showRate,
  showSpan,
} from '../../src/dashboard/page/words.js';
import type { Incident } from '../../src/dashboard/protocol.js';

const decision = { action: 'resume', code: 1006, reason: '1006 connection lost', attempt: 1, delay: 0 } as const;

const incident: Incident = {
  id: 1,
  at: 10_000,
  lastAt: 10_400,
  action: 'resume',
  code: 4900,
  reason: 'zombie: no heartbeat ack between two beats',
  shards: 14,
  ids: [3, 7],
  down: 3,
  endedAt: null,
};

describe('decisions in words', () => {
  test.each([
    [decision, 'resume at once'],
    [{ ...decision, action: 'identify', delay: 2_400, attempt: 3 } as const, 'identify in 2.4 s, attempt 3'],
    [{ ...decision, delay: 320, attempt: 2 }, 'resume in 320 ms, attempt 2'],
    [{ ...decision, action: 'fatal' } as const, 'fatal: stays down'],
    [{ ...decision, action: 'close' } as const, 'stays down, as asked'],
  ])('%j', (told, words) => {
    expect(describeDecision(told)).toBe(words);
  });

  test('name the close code once', () => {
    expect(describeCause(decision)).toBe('1006 connection lost');
    expect(describeCause({ code: 4900, reason: 'no HELLO in time' })).toBe('4900 no HELLO in time');
    expect(describeCause({ code: null, reason: 'connect requested' })).toBe('connect requested');
  });
});

test.each([
  ['xstate.after.decided.shard.Disconnected', 'after decided'],
  ['xstate.done.actor.heartbeat', 'heartbeat done'],
  ['xstate.error.actor.socket', 'socket failed'],
  ['gateway.ready', 'gateway.ready'],
])('the event %s is called as in the pictures: %s', (type, words) => {
  expect(describeEvent(type)).toBe(words);
});

describe('incidents in words', () => {
  test('an open one tells how many are down', () => {
    expect(describeIncident(incident)).toBe('14 shards: 4900 zombie: no heartbeat ack between two beats; 3 still down');
  });

  test('one that is over tells how long it took', () => {
    expect(describeOutcome({ ...incident, down: 0, endedAt: 14_200 })).toBe('all up after 4.2 s');
  });

  test('one of a single shard names it', () => {
    const single = { ...incident, shards: 1, ids: [7], down: 1 };
    expect(describeShards(single)).toBe('shard 7');
    expect(describeOutcome(single)).toBe('still down');
    expect(describeOutcome({ ...single, down: 0, endedAt: 10_025 })).toBe('up after 25 ms');
  });

  test('a fatal one does not pretend that anybody came up', () => {
    expect(describeOutcome({ ...incident, action: 'fatal', down: 0, endedAt: 10_000 })).toBe('14 down for good');
    expect(describeOutcome({ ...incident, action: 'fatal', shards: 1 })).toBe('down for good');
  });
});

describe('times', () => {
  test.each([
    [-5, '0 ms'],
    [320, '320 ms'],
    [999.7, '1 s'],
    [2_400, '2.4 s'],
    [9_949, '9.9 s'],
    [42_000, '42 s'],
    [59_700, '1 min'],
    [192_000, '3 min 12 s'],
    [3_599_700, '1 h'],
    [18_720_000, '5 h 12 min'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms last %s', (ms, words) => {
    expect(showDuration(ms)).toBe(words);
  });

  test('a span has no fractions, for it is told anew each second', () => {
    expect(showSpan(2_400)).toBe('2 s');
    expect(showSpan(-300)).toBe('0 s');
  });

  test('another day is named', () => {
    const at = new Date(2026, 10, 21, 3, 4, 5, 67).getTime();
    expect(showExactTime(at)).toBe('03:04:05.067');
    expect(showMoment(at, at + 1_000)).toBe('03:04:05');
    expect(showMoment(at, at + 86_400_000)).toBe('21.11. 03:04:05');
  });
});

test('counts, rates and bytes stay short', () => {
  expect(showCount(12_480).replaceAll(/\s/g, ' ')).toBe('12 480');
  expect([many(1, 'shard'), many(2, 'shard')]).toEqual(['1 shard', '2 shards']);
  expect([0, 3.44, 9.96, 240].map(showRate)).toEqual(['0', '3.4', '10', '240']);
  expect([0, 820, 3_440, 999_600, 12_000_000].map(showBytes)).toEqual(['0 B', '820 B', '3.4 kB', '1.0 MB', '12 MB']);
});
