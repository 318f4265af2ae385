import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextRandom } from '../../src/protocol/random.js';
import { safeSends } from '../../src/protocol/sendLimit.js';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('randomness as arithmetic', () => {
  test('lies in [0, 1) and its next seed is a 32-bit integer', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const next = nextRandom(seed);
        expect(next.value).toBeGreaterThanOrEqual(0);
        expect(next.value).toBeLessThan(1);
        expect(next.seed).toBe(next.seed >>> 0);
        expect(nextRandom(seed)).toEqual(next);
      }),
    );
  });

  test('is spread evenly, whatever seed it starts from', () => {
    fc.assert(
      fc.property(seeds, (first) => {
        const counts = Array.from({ length: 10 }, () => 0);
        let seed = first;
        for (let draw = 0; draw < 10_000; draw += 1) {
          const next = nextRandom(seed);
          ({ seed } = next);
          counts[Math.floor(next.value * 10)]! += 1;
        }
        for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
      }),
      { numRuns: 20 },
    );
  });
});

describe('safe sends', () => {
  test('are at least one for any interval at all', () => {
    const interval = fc.double({ noNaN: true });
    fc.assert(fc.property(interval, (ms) => void expect(safeSends(ms)).toBeGreaterThanOrEqual(1)));
    for (const ms of [0, -1, 1e-9, Infinity]) expect(safeSends(ms)).toBeGreaterThanOrEqual(1);
  });

  test('with the heartbeats of any 60 s and one IDENTIFY never make more than 120', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 600_000 }), (interval) => {
        const beats = Math.floor(60_000 / interval) + 1;
        expect(safeSends(interval) + beats + 1).toBeLessThanOrEqual(120);
      }),
    );
  });

  test("at Discord's usual interval more than 110 are left", () => expect(safeSends(41_250)).toBeGreaterThan(110));
});
