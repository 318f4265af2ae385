import { describe, expect, test } from 'vitest';
import { isWithin } from '../../visualizations/chart.js';
import { layoutOf, type Layout, type Point, type Rectangle } from '../../visualizations/layout.js';
import { charts } from '../../visualizations/pictures.js';

const layouts: (readonly [string, Layout])[] = [];
for (const [name, { chart }] of Object.entries(charts)) layouts.push([name, await layoutOf(chart)]);

/** Overlap of two rectangles; touching does not count. A line is a rectangle without width. */
const meet = (a: Rectangle, b: Rectangle) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const holds = (outer: Rectangle, inner: Rectangle) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** Two lines of the same direction, nearer than the eye can part them. */
const onEachOther = (a: Rectangle, b: Rectangle) =>
  (a.width === 0 && b.width === 0 && meet({ ...a, x: a.x - 2, width: 4 }, b)) ||
  (a.height === 0 && b.height === 0 && meet({ ...a, y: a.y - 2, height: 4 }, b));

const segments = (points: readonly Point[]): Rectangle[] =>
  points.slice(1).map((point, index) => {
    const before = points[index] ?? point;
    return {
      x: Math.min(before.x, point.x),
      y: Math.min(before.y, point.y),
      width: Math.abs(before.x - point.x),
      height: Math.abs(before.y - point.y),
    };
  });

describe.each(layouts)('the layout of the %s chart', (_name, { boxes, arrows, dots, width, height }) => {
  const pills = arrows.flatMap((arrow) => arrow.labels.map((label) => ({ ...label, arrow })));
  const leaves = boxes.filter(({ box }) => box.children.length === 0);
  const named = boxes.filter(({ box }) => box.name !== '');
  const words = ({ label }: { label: (typeof pills)[number]['label'] }) => label.ids.join(' ');

  test('has no label that overlaps another', () => {
    const clashes = pills.flatMap((a, index) =>
      pills.slice(index + 1).flatMap((b) => (meet(a, b) ? [`${words(a)} and ${words(b)}`] : [])),
    );
    expect(clashes).toEqual([]);
  });

  test('has no label on a state, on the name of one or on a dot', () => {
    const taken = [
      ...leaves,
      ...named.map(({ heading }) => heading),
      ...dots.map(({ x, y }) => ({ x: x - 6, y: y - 6, width: 12, height: 12 })),
    ];
    expect(pills.filter((pill) => taken.some((rectangle) => meet(pill, rectangle))).map(words)).toEqual([]);
  });

  test('has no arrow through a state it does not belong to, or through the name of one', () => {
    const crossed = arrows.flatMap(({ arrow, points }) => {
      const crosses = (rectangle: Rectangle) => segments(points).some((segment) => meet(segment, rectangle));
      const foreign = leaves.filter(({ box }) => box.path !== arrow.source && box.path !== arrow.target);
      const through = [...foreign.filter(crosses), ...named.filter(({ heading }) => crosses(heading))];
      return through.map(({ box }) => `${arrow.source} -> ${arrow.target} through ${box.path}`);
    });
    expect(crossed).toEqual([]);
  });

  test('has no arrow behind the label of another', () => {
    const crossed = arrows.flatMap((arrow) =>
      segments(arrow.points).flatMap((segment) =>
        pills
          .filter((pill) => pill.arrow !== arrow && meet(segment, pill))
          .map((pill) => `${arrow.arrow.source} -> ${arrow.arrow.target} behind ${words(pill)}`),
      ),
    );
    expect(crossed).toEqual([]);
  });

  test('has no two arrows on the same line', () => {
    const all = arrows.flatMap((arrow) => segments(arrow.points).map((segment) => ({ arrow, segment })));
    const shared = all.flatMap(({ arrow, segment }, index) =>
      all
        .slice(index + 1)
        .filter((other) => other.arrow !== arrow && onEachOther(segment, other.segment))
        .map(
          (other) =>
            `${arrow.arrow.source} -> ${arrow.arrow.target} and ${other.arrow.arrow.source} -> ${other.arrow.arrow.target}`,
        ),
    );
    expect(shared).toEqual([]);
  });

  test('has every arrow upright or level, and its labels on it', () => {
    for (const { arrow, points, labels } of arrows) {
      const lines = segments(points);
      expect(lines.length).toBeGreaterThan(0);
      expect(
        lines.every((line) => line.width === 0 || line.height === 0),
        `${arrow.source} -> ${arrow.target}`,
      ).toBe(true);
      for (const label of labels)
        expect(
          lines.some((line) => meet(line, label)),
          words({ label: label.label }),
        ).toBe(true);
    }
  });

  test('has every state in its parent, its name and rows in it, and all in the picture', () => {
    const picture = { x: 0, y: 0, width, height };
    const byPath = new Map(boxes.map((placed) => [placed.box.path, placed]));
    for (const placed of boxes) {
      expect(holds(picture, placed), placed.box.path).toBe(true);
      for (const child of placed.box.children)
        expect(holds(placed, byPath.get(child.path) ?? picture), child.path).toBe(true);
      expect(holds(placed, placed.heading), `name of ${placed.box.path}`).toBe(true);
      for (const row of placed.rows)
        expect(holds({ ...placed.heading, height: placed.heading.height + 2 }, row), words(row)).toBe(true);
    }
    for (const rectangle of [...pills, ...arrows.flatMap(({ points }) => segments(points))]) {
      expect(holds(picture, rectangle)).toBe(true);
    }
  });

  test('has no two states that overlap unless one holds the other', () => {
    const clashes = boxes.flatMap((a, index) =>
      boxes
        .slice(index + 1)
        .filter((b) => !isWithin(b.box.path, a.box.path) && meet(a, b))
        .map((b) => `${a.box.path} and ${b.box.path}`),
    );
    expect(clashes).toEqual([]);
  });
});
