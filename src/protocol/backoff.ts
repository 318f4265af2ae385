import { MAX_DELAY_MS } from './limits.js';

/** Bounds of the reconnect back-off. */
export interface BackoffBounds {
  readonly initialMs: number;
  readonly maxMs: number;
  /** How long a connection must be Connected before what failed before counts no more. Default 5 000. */
  readonly stableAfterMs?: number;
}

/**
 * How long to wait before the next connection, after `failures` connections in a row that never became stable.
 *
 * Exponential with full jitter. 0 failures: at once. 1: anywhere up to `initialMs`. From then on never below `initialMs`,
 * for a run of small random numbers would otherwise hammer a gateway that drops everyone.
 */
export function backoffMs(failures: number, random: number, { initialMs, maxMs }: BackoffBounds): number {
  if (failures <= 0) return 0;
  const ceiling = Math.min(clampDelayMs(maxMs), initialMs * 2 ** (failures - 1));
  const floor = failures === 1 ? 0 : Math.min(initialMs, ceiling);
  return clampDelayMs(Math.round(floor + random * (ceiling - floor)));
}

/** A delay a timer can take: NaN and negatives become 0, what is too long becomes the longest there is. */
export function clampDelayMs(delayMs: number): number {
  return delayMs > 0 ? Math.min(delayMs, MAX_DELAY_MS) : 0;
}
