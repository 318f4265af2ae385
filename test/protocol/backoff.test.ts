import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, clampDelayMs } from '../../src/protocol/backoff.js';
import { MAX_DELAY_MS } from '../../src/protocol/limits.js';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const initialMs = fc.integer({ min: 0, max: 3_600_000 });
const maxMs = fc.oneof(fc.integer({ min: 0, max: MAX_DELAY_MS }), fc.constant(Infinity));
const failures = fc.oneof(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 61, max: 100_000 }));

describe('the back-off', () => {
  test('without a failure there is none', () => {
    fc.assert(
      fc.property(fc.integer({ max: 0 }), random, initialMs, maxMs, (count, value, initial, max) => {
        expect(backoffMs(count, value, { initialMs: initial, maxMs: max })).toBe(0);
      }),
    );
  });

  test('the first is anywhere up to the initial delay', () => {
    fc.assert(
      fc.property(random, initialMs, maxMs, (value, initial, max) => {
        const delay = backoffMs(1, value, { initialMs: initial, maxMs: max });
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(initial, max));
      }),
    );
  });

  test('every later one lies between the initial delay and the cap', () => {
    fc.assert(
      fc.property(failures, random, initialMs, maxMs, (count, value, initial, max) => {
        const delay = backoffMs(count, value, { initialMs: initial, maxMs: max });
        expect(delay).toBeGreaterThanOrEqual(Math.min(initial, max, MAX_DELAY_MS));
        expect(delay).toBeLessThanOrEqual(Math.min(max, MAX_DELAY_MS));
      }),
    );
  });

  test('without a cap, after more failures than doubling can count, it is still no less than the initial delay', () => {
    expect(backoffMs(2_000, 0, { initialMs: 1_000, maxMs: Infinity })).toBeGreaterThanOrEqual(1_000);
  });

  test('the ceiling doubles with every failure', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8].map((count) => backoffMs(count, 1, { initialMs: 1_000, maxMs: 60_000 }));
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
});

describe('a delay for a timer', () => {
  test('is never NaN, negative or more than a timer takes', () => {
    fc.assert(
      fc.property(fc.double(), (delay) => {
        const clamped = clampDelayMs(delay);
        expect(clamped).toBeGreaterThanOrEqual(0);
        expect(clamped).toBeLessThanOrEqual(MAX_DELAY_MS);
      }),
    );
  });

  test.each([
    [Number.NaN, 0],
    [-1, 0],
    [0, 0],
    [5.5, 5.5],
    [2 ** 31, MAX_DELAY_MS],
    [Infinity, MAX_DELAY_MS],
    [-Infinity, 0],
  ])('%d becomes %d', (delay, clamped) => expect(clampDelayMs(delay)).toBe(clamped));
});
