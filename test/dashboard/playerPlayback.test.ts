import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { marksOf } from '../../src/dashboard/page/marks.js';
import { Playback, SPEEDS, type EventTimes } from '../../src/dashboard/page/playback.js';

const HOUR_MS = 3_600_000;

/** A log with events at these times. */
const happeningAt = (...times: readonly number[]): EventTimes => ({
  from: times[0] as number,
  to: times.at(-1) as number,
  nextAfter: (at) => times.find((time) => time > at) ?? null,
  lastUpTo: (at) => times.findLast((time) => time <= at) ?? (times[0] as number),
});

/** At the beginning, and playing. */
function playing(happenings: EventTimes, settings: Partial<Pick<Playback, 'speed' | 'skipsQuiet'>> = {}): Playback {
  const playback = Object.assign(new Playback(happenings), { speed: 1, skipsQuiet: false }, settings);
  playback.seek(happenings.from);
  playback.play();
  return playback;
}

describe('a playback', () => {
  test('starts at the end, and does not move until it is played', () => {
    const playback = new Playback(happeningAt(100, 900));
    playback.advance(10_000);
    expect(playback).toMatchObject({ position: 900, isPlaying: false, isAtEnd: true });
  });

  test.each(SPEEDS)('plays %i times as fast as the original', (speed) => {
    const playback = playing(happeningAt(0, HOUR_MS), { speed });
    for (let n = 0; n < 7; n += 1) playback.advance(100);
    expect(playback.position).toBe(700 * speed);
  });

  test('loses no time to rounding', () => {
    const playback = playing(happeningAt(0, HOUR_MS));
    for (let n = 0; n < 1_000; n += 1) playback.advance(16.7);
    expect(playback.position).toBeGreaterThanOrEqual(16_699);
  });

  test('pauses at the end, at any speed and after any seek', () => {
    const playback = playing(happeningAt(0, 500));
    playback.advance(10_000);
    expect(playback).toMatchObject({ position: 500, isPlaying: false });
    playback.seek(Infinity);
    expect(playback.position).toBe(500);
    playback.seek(-5);
    expect(playback.position).toBe(0);
  });

  test('skips quiet times, except a second of playing at both ends', () => {
    const playback = playing(happeningAt(0, HOUR_MS, HOUR_MS + 10), { speed: 10, skipsQuiet: true });
    expect(playback.advance(900)).toBe(0);
    expect(playback.advance(200)).toBe(HOUR_MS - 10_000 - 11_000);
    expect(playback.position).toBe(HOUR_MS - 10_000);
    expect(playback.advance(100)).toBe(0);
    expect(playback.position).toBe(HOUR_MS - 9_000);
  });

  test('does not skip a quiet time of less than three seconds of playing', () => {
    const playback = playing(happeningAt(0, 4_500), { skipsQuiet: true });
    for (let n = 0; n < 40; n += 1) expect(playback.advance(100)).toBe(0);
  });

  test('never skips an event, and always reaches the end', () => {
    const someTimes = fc
      .uniqueArray(fc.integer({ min: 1, max: 2_000_000 }), { minLength: 1, maxLength: 20 })
      .map((times) => [0].concat(times.toSorted((a, b) => a - b)));
    fc.assert(
      fc.property(someTimes, fc.constantFrom(...SPEEDS), (times, speed) => {
        const happenings = happeningAt(...times);
        const playback = playing(happenings, { speed, skipsQuiet: true });
        for (let turns = 0; playback.isPlaying; turns += 1) {
          const before = playback.position;
          const skipped = playback.advance(100);
          const next = happenings.nextAfter(before) as number;
          if (skipped > 0) expect(playback.position).toBeLessThan(Math.max(next, before + 100 * speed + 1));
          expect(turns).toBeLessThan(20 * 60);
        }
        expect(playback.position).toBe(happenings.to);
      }),
    );
  });
});

const incident = (at: number, shards: number) => ({ at, shards, action: 'resume' as const });

describe('the marks of the slider', () => {
  const range = { from: 0, to: 1_000 };

  test('stand where incidents began, higher for more shards', () => {
    const [one, many] = marksOf([incident(0, 1), incident(1_000, 100)], range, 10);
    expect(one).toMatchObject({ x: 0.05, height: 0.25 });
    expect(many).toMatchObject({ x: 0.95, height: 1 });
  });

  test('show the largest of several incidents at one place', () => {
    const marks = marksOf([incident(1, 4), incident(2, 25), incident(3, 1)], range, 10);
    expect(marks).toMatchObject([{ height: 1 }]);
  });

  test('exist for a log of a single moment', () => {
    expect(marksOf([incident(5, 1)], { from: 5, to: 5 }, 10)).toMatchObject([{ x: 0.05 }]);
  });
});
