import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lifecycles } from '../../machines/lifecycle.js';
import { layOut, LETTER_FROM, neighbour } from '../../src/dashboard/page/cells.js';
import { boxOf, lineage, runsThrough } from '../../src/dashboard/page/paths.js';
import { areaPath, linePath, niceCeiling, scale, stepPath, summarize } from '../../src/dashboard/page/scales.js';

const picture = (name: string) => readFileSync(new URL(`../../visualizations/${name}.svg`, import.meta.url), 'utf8');

/** Target of a key among 23 cells, 10 a row. */
const to = (key: string, from: number) => neighbour(key, from, 23, 10);

describe('the cells of a fleet', () => {
  test('always fit in width, and in height where their smallest size does', () => {
    const sides = fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 150, max: 900 }));
    fc.assert(
      fc.property(sides, fc.integer({ min: 100, max: 700 }), ([count, width], height) => {
        const { columns, size, gap } = layOut(count, width, height);
        const rows = Math.ceil(count / columns);
        expect(columns * (size + gap) - gap).toBeLessThanOrEqual(width);
        if (size > 9) expect(rows * (size + gap) - gap).toBeLessThanOrEqual(height);
      }),
    );
  });

  test('have room for a letter with 1 000 shards on a laptop', () => {
    expect(layOut(1_000, 460, 400).size).toBeGreaterThanOrEqual(LETTER_FROM);
  });

  test('of a single shard stay at their largest size', () => {
    expect(layOut(1, 460, 400)).toEqual({ columns: 1, size: 34, gap: 4 });
  });

  test('begin rows with round ids where that does not make them smaller', () => {
    expect(layOut(100, 460, 400).columns % 2).toBe(0);
    expect(layOut(40, 460, 400).columns % 5).toBe(0);
  });

  test('are reached with the arrow keys, which stop at the edges', () => {
    expect([to('ArrowRight', 9), to('ArrowDown', 9), to('ArrowUp', 12), to('Home', 12), to('End', 12)]).toEqual([
      10, 19, 2, 0, 22,
    ]);
    expect([to('ArrowLeft', 0), to('ArrowUp', 9), to('ArrowDown', 15), to('a', 3)]).toEqual([0, 9, 15, 3]);
  });
});

describe('the charts', () => {
  test('light a state and its parents', () => {
    expect(lineage('Online.link.Connecting')).toEqual(['Online.link.Connecting', 'Online.link', 'Online']);
  });

  test('have a box in the small picture for each of the six states', () => {
    const paths = [...picture('lifecycle').matchAll(/data-state="([^"]*)"/g)].map(([, path = '']) => path);
    expect(lifecycles.map((state) => boxOf(state, paths)?.split('.').at(-1))).toEqual(lifecycles);
    expect(boxOf('Elsewhere', paths)).toBeNull();
  });

  test.each(['lifecycle', 'shard', 'heartbeat', 'bucket'])('have one arrow for each label of %s', (name) => {
    const text = picture(name);
    const lines = [...text.matchAll(/<path class="line[^"]*" d="([^"]*)"/g)].map(([, line = '']) => line);
    const pills = [
      ...text.matchAll(/<rect class="pill[^"]*" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
    ];
    const hits = pills.map(([, x, y, width, height]) => {
      const rect = { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
      return lines.filter((line) => runsThrough(line, rect)).length;
    });
    expect(hits.length).toBeGreaterThan(0);
    expect(new Set(hits)).toEqual(new Set([1]));
  });
});

describe('the plots', () => {
  test('have axes that end at a round number, at or above the largest value', () => {
    expect([0, 1, 3, 42, 101, 700].map(niceCeiling)).toEqual([1, 1, 5, 50, 200, 1_000]);
    fc.assert(fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), (value) => niceCeiling(value) >= value));
  });

  test('map values to pixels, and a range of nothing to its start', () => {
    expect(scale([0, 10], [100, 0])(2.5)).toBe(75);
    expect(scale([3, 3], [10, 20])(3)).toBe(10);
  });

  test('draw lines, steps, and the area below them', () => {
    const points = [[0, 5] as const, [10, 2.26] as const];
    expect(linePath(points)).toBe('M0 5L10 2.3');
    expect(stepPath(points)).toBe('M0 5H10V2.3');
    expect(areaPath(points, 9)).toBe('M0 5H10V2.3V9H0Z');
    expect([linePath([]), areaPath([], 9)]).toEqual(['', '']);
  });

  test('summarize values as minimum, mean and maximum', () => {
    expect(summarize([40, 20, 60])).toEqual({ min: 20, mean: 40, max: 60 });
    expect(summarize([])).toBeNull();
  });
});
