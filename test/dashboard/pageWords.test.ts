import { describe, expect, test } from 'vitest';
import { describeIncident, describeOutcome, describeShards } from '../../src/dashboard/page/incidentWords.js';
import {
  describeCause,
  describeDecision,
  describeEvent,
  many,
  showBytes,
  showCount,
  showDue,
  showDuration,
  showExactMoment,
  showExactTime,
  showMoment,
  showRate,
  showSpan,
} from '../../src/dashboard/page/words.js';
import type { Incident } from '../../src/dashboard/messages.js';

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
  times: 14,
  down: 3,
  lost: 0,
  downAt: 10_000,
  endedAt: null,
};

describe('decisions in words', () => {
  test.each([
    [decision, 'resume at once'],
    [{ ...decision, action: 'identify', delay: 2_400, attempt: 3 } as const, 'identify in 2.4 s, after attempt 2'],
    [{ ...decision, delay: 320, attempt: 2 }, 'resume in 320 ms, after attempt 1'],
    [{ ...decision, action: 'fatal' } as const, 'fatal: stays down'],
    [{ ...decision, action: 'close' } as const, 'stays down, as asked'],
  ])('%j', (decision, words) => {
    expect(describeDecision(decision)).toBe(words);
  });

  test('have the close code once, whether or not the reason begins with it', () => {
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
])('the event %s has its name in the pictures: %s', (type, words) => {
  expect(describeEvent(type)).toBe(words);
});

describe('incidents in words', () => {
  test('an open incident shows how many shards are down', () => {
    expect(describeIncident(incident)).toBe('14 shards: 4900 zombie: no heartbeat ack between two beats; 3 still down');
  });

  test('an ended incident shows how long it took', () => {
    expect(describeOutcome({ ...incident, down: 0, endedAt: 14_200 })).toBe('all up after 4.2 s');
  });

  test('an incident of a single shard names it', () => {
    const single = { ...incident, shards: 1, ids: [7], times: 1, down: 1 };
    expect(describeShards(single)).toBe('shard 7');
    expect(describeOutcome(single)).toBe('still down');
    expect(describeOutcome({ ...single, down: 0, endedAt: 10_025 })).toBe('up after 25 ms');
  });

  test('a repeated incident shows its times, and the duration of the last one', () => {
    const flapping = { ...incident, shards: 1, ids: [7], times: 400, down: 0, downAt: 3_610_000, endedAt: 3_610_012 };
    expect(describeShards(flapping)).toBe('shard 7, 400 times');
    expect(describeOutcome(flapping)).toBe('up after 12 ms');
    expect(describeShards({ ...incident, times: 20 })).toBe('14 shards, 20 times');
  });

  test('a lost shard is shown as Offline, not as up', () => {
    const over = { ...incident, down: 0, endedAt: 14_200 };
    expect(describeOutcome({ ...over, lost: 14 })).toBe('all Offline after 4.2 s');
    expect(describeOutcome({ ...over, lost: 2 })).toBe('2 Offline, the others up after 4.2 s');
    expect(describeOutcome({ ...over, shards: 1, lost: 1 })).toBe('Offline after 4.2 s');
  });

  test('a fatal incident is down for good until another shard takes over', () => {
    const fatal = { ...incident, action: 'fatal' } as const;
    expect(describeOutcome(fatal)).toBe('3 down for good');
    expect(describeOutcome({ ...fatal, shards: 1, down: 1 })).toBe('down for good');
    expect(describeOutcome({ ...fatal, down: 0, lost: 14, endedAt: 14_200 })).toBe('all gone after 4.2 s');
    expect(describeOutcome({ ...fatal, shards: 1, down: 0, lost: 1, endedAt: 14_200 })).toBe('gone after 4.2 s');
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

  test('a span has whole seconds, because it is updated each second', () => {
    expect(showSpan(2_400)).toBe('2 s');
    expect(showSpan(-300)).toBe('0 s');
  });

  test('a time of another day has its date', () => {
    const at = new Date(2026, 10, 21, 3, 4, 5, 67).getTime();
    expect(showExactTime(at)).toBe('03:04:05.067');
    expect(showMoment(at, at + 1_000)).toBe('03:04:05');
    expect(showMoment(at, at + 86_400_000)).toBe('21\u00A0Nov 03:04:05');
    expect(showExactMoment(at, at + 86_400_000)).toBe('21\u00A0Nov 03:04:05.067');
    expect(showExactMoment(at, at)).toBe('03:04:05.067');
  });

  test.each([
    [21, 23, '23:00'],
    [22, 0, 'tomorrow 00:00'],
    [22, 23, 'tomorrow 23:00'],
    [23, 0, '23\u00A0Nov 00:00'],
    [20, 23, '20\u00A0Nov 23:00'],
  ])('a time on the %ith at %i o’clock is due %s', (day, hour, words) => {
    expect(showDue(new Date(2026, 10, day, hour).getTime(), new Date(2026, 10, 21, 3).getTime())).toBe(words);
  });
});

test('counts, rates and bytes stay short', () => {
  expect(showCount(12_480).replaceAll(/\s/g, ' ')).toBe('12 480');
  expect([many(1, 'shard'), many(2, 'shard')]).toEqual(['1 shard', '2 shards']);
  expect([0, 3.44, 9.96, 240].map(showRate)).toEqual(['0', '3.4', '10', '240']);
  expect([0, 820, 3_440, 999_600, 12_000_000].map(showBytes)).toEqual(['0 B', '820 B', '3.4 kB', '1.0 MB', '12 MB']);
});
