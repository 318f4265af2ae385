import { showHour, showTime } from './words.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Time that an axis shows of shards that run on, and the most that it shows of a log. */
export const LONGEST_MS = 15 * MINUTE_MS;
/** Shortest time that an axis shows: a shorter log does not fill it. */
const SHORTEST_MS = 10 * SECOND_MS;

/** Distances of ticks, each with the most that fit side by side with their labels. */
const STEPS: readonly (readonly [stepMs: number, most: number])[] = [
  [2 * SECOND_MS, 5],
  [5 * SECOND_MS, 4],
  [10 * SECOND_MS, 4],
  [15 * SECOND_MS, 4],
  [30 * SECOND_MS, 4],
  [MINUTE_MS, 5],
  [2 * MINUTE_MS, 5],
  [3 * MINUTE_MS, 5],
];

/** Time that an axis shows of a log: all of a short one, the last quarter of an hour of a long one. */
export const shownOf = (lengthMs: number): number => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, lengthMs));

/** Ticks at round times within the last `shownMs`, with their labels: seconds where the axis is short. */
export function ticksOf(now: number, shownMs: number): { readonly at: number; readonly label: string }[] {
  const [stepMs] = STEPS.find(([step, most]) => shownMs / step <= most) ?? [3 * MINUTE_MS];
  const first = Math.ceil((now - shownMs) / stepMs) * stepMs;
  const show = stepMs < MINUTE_MS ? showTime : showHour;
  return Array.from({ length: Math.floor((now - first) / stepMs) + 1 }, (_, index) => {
    const at = first + index * stepMs;
    return { at, label: show(at) };
  });
}
