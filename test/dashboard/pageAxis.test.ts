import { describe, expect, test } from 'vitest';
import { shownOf, ticksOf } from '../../src/dashboard/page/timeAxis.js';
import { showTime } from '../../src/dashboard/page/words.js';

const MINUTE_MS = 60_000;
const now = Date.UTC(2026, 10, 21, 3, 0, 7);

describe('the axis of incidents', () => {
  test.each([
    [14_000, 14_000],
    [0, 10_000],
    [3 * 60 * MINUTE_MS, 15 * MINUTE_MS],
  ])('shows of a log of %i ms the last %i ms', (length, shown) => {
    expect(shownOf(length)).toBe(shown);
  });

  test('of 14 s has ticks of 5 s, labelled with seconds', () => {
    const ticks = ticksOf(now, 14_000);
    expect(ticks.map(({ at }) => now - at)).toEqual([12_000, 7_000, 2_000]);
    expect(ticks.map(({ label }) => label)).toEqual(ticks.map(({ at }) => showTime(at)));
  });

  test('of 15 minutes has ticks of 3 minutes, labelled with minutes', () => {
    const ticks = ticksOf(now, 15 * MINUTE_MS);
    expect(ticks.map(({ at }) => at % (3 * MINUTE_MS))).toEqual([0, 0, 0, 0, 0]);
    expect(ticks[0]?.label).toMatch(/^\d\d:\d\d$/);
  });

  test('of any length has two to six ticks', () => {
    for (let shown = 10_000; shown <= 15 * MINUTE_MS; shown += 1_000) {
      const { length } = ticksOf(now, shown);
      expect([shown, length >= 2 && length <= 6]).toEqual([shown, true]);
    }
  });
});
