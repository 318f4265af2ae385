/** Paths of a state and of its parents, innermost first, without the chart itself. */
export function lineage(path: string): string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, keys.length - index).join('.'));
}

/** Path of a lifecycle state in the small picture: the path that ends with its name. */
export function boxOf(lifecycle: string, paths: readonly string[]): string | null {
  return paths.find((path) => path.split('.').at(-1) === lifecycle) ?? null;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** True where a line of a picture runs through a box. Connects labels with their arrows. */
export function runsThrough(line: string, { x, y, width, height }: Rect): boolean {
  const points = [...line.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
  return points.slice(1).some((to, index) => {
    const from = points[index] ?? to;
    return (
      Math.min(from.x, to.x) < x + width &&
      Math.max(from.x, to.x) > x &&
      Math.min(from.y, to.y) < y + height &&
      Math.max(from.y, to.y) > y
    );
  });
}
