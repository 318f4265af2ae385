const WINDOW_MS = 1_000;

/** When connections of this process ended, within the last second. */
const endings: number[] = [];

/** Counts a connection that ends now: how many of the process have ended within the last second, this one included. */
export function countEnding(now: number): number {
  while ((endings[0] ?? now) < now - WINDOW_MS) endings.shift();
  return endings.push(now);
}
