/** Times in ascending order, by index. */
export interface Times {
  readonly length: number;
  readonly at: (place: number) => number;
}

/** Index of the last time up to `time`; -1 where all are later. */
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
