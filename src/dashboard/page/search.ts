/** Times in order, by their places. */
export interface Times {
  readonly length: number;
  readonly at: (place: number) => number;
}

/** Place of the last that is not after a time; -1 where all are. */
export function lastUpTo({ length, at }: Times, time: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(middle) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
