/** Layout of the cells of a fleet, in pixels. */
export interface CellLayout {
  readonly columns: number;
  readonly size: number;
  readonly gap: number;
}

/** A single shard must not fill the page. */
const LARGEST = 34;
const SMALLEST = 9;

/** Smaller cells have no room for a letter. */
export const LETTER_FROM = 11;

/** The largest cells that all fit. Where even the smallest do not fit, the page scrolls. */
export function layOut(count: number, width: number, height: number): CellLayout {
  for (let size = LARGEST; size > SMALLEST; size--) {
    const gap = gapOf(size);
    const columns = fitting(count, width, size);
    const fits = (of: number) => Math.ceil(count / of) * (size + gap) - gap <= height;
    if (fits(round(columns, count))) return { columns: round(columns, count), size, gap };
    if (fits(columns)) return { columns, size, gap };
  }
  return { columns: fitting(count, width, SMALLEST), size: SMALLEST, gap: gapOf(SMALLEST) };
}

const gapOf = (size: number): number => (size >= 24 ? 4 : size >= 14 ? 3 : 2);

function fitting(count: number, width: number, size: number): number {
  const most = Math.floor((width + gapOf(size)) / (size + gapOf(size)));
  return Math.max(1, Math.min(most, count));
}

/** Rows that begin with a round id are easier to find. */
function round(columns: number, count: number): number {
  if (columns >= count) return columns;
  const step = columns >= 10 ? 5 : columns >= 4 ? 2 : 1;
  return columns - (columns % step);
}

/** Index of the cell that an arrow key leads to; `index` itself at the edge of the grid. */
export function neighbour(key: string, index: number, count: number, columns: number): number {
  const to = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - columns,
    ArrowDown: index + columns,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined || to < 0 || to >= count ? index : to;
}
