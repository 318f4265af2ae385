/** Maps a range of values to a range of pixels. */
export type Scale = (value: number) => number;

export function scale(from: readonly [number, number], to: readonly [number, number]): Scale {
  const span = from[1] - from[0];
  const slope = span === 0 ? 0 : (to[1] - to[0]) / span;
  return (value) => to[0] + (value - from[0]) * slope;
}

/** The first of 1, 2, 5, 10, 20, 50 … that is at least `value`. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5].find((candidate) => candidate * power >= value) ?? 10;
  return step * power;
}

type Point = readonly [x: number, y: number];

const pixel = (value: number): string => String(Math.round(value * 10) / 10);

/** SVG path from point to point. */
export function linePath(points: readonly Point[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${pixel(x)} ${pixel(y)}`).join('');
}

/** SVG path in steps: each value holds until the next. */
export function stepPath(points: readonly Point[]): string {
  return points
    .map(([x, y], index) => (index === 0 ? `M${pixel(x)} ${pixel(y)}` : `H${pixel(x)}V${pixel(y)}`))
    .join('');
}

/** SVG path in steps, closed at a base line. */
export function areaPath(points: readonly Point[], base: number): string {
  const first = points[0];
  return first === undefined ? '' : `${stepPath(points)}V${pixel(base)}H${pixel(first[0])}Z`;
}

/** Minimum, mean and maximum; null for an empty list. */
export function summarize(values: readonly number[]): { min: number; mean: number; max: number } | null {
  if (values.length === 0) return null;
  return {
    min: Math.min(...values),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    max: Math.max(...values),
  };
}
