import { BUDGET_PERIOD_MS } from './limits.js';

/** Identifies of a day for a bot whose `session_start_limit` is not known. */
export const DAY_IDENTIFIES = 1_000;

/** Further identifies that may come at once: as many for a small bot, or so many a shard. */
const MIN_BURST = 10;
const BURST_PER_SHARD = 2;

/** Further identifies that may come at once. Half of what the first identifies leave of the day, at most. */
export function allowanceBurst(dayTotal: number, shards: number): number {
  const left = Math.max(0, dayTotal - shards);
  return Math.max(1, Math.min(Math.max(MIN_BURST, BURST_PER_SHARD * shards), Math.floor(left / 2)));
}

/**
 * Time in which one permit comes back. First identifies, burst and the permits of a day are the day's total together: about
 * 90 s for a small bot.
 */
export function allowanceRefillMs(dayTotal: number, shards: number): number {
  return Math.ceil(BUDGET_PERIOD_MS / Math.max(1, dayTotal - shards - allowanceBurst(dayTotal, shards)));
}
