import { BUDGET_PERIOD_MS } from './limits.js';

/** Identifies of a bot's last 24 hours, as a store keeps them: JSON, a few hundred bytes. Times since the epoch. */
export interface IdentifyRecord {
  /** Number of identifies by the hour they left in: the hour's beginning, and the number. */
  readonly hours: readonly (readonly [startMs: number, count: number])[];
  /** Permits for further identifies that were left at `at`. */
  readonly spare: number;
  /** Time of the record. */
  readonly at: number;
}

const HOUR_MS = 3_600_000;

/** Identifies of an earlier process that still count. */
export interface IdentifyHistory {
  /** Identifies by age, in milliseconds. One that is a day old counts no more. */
  readonly identifies: readonly { readonly ageMs: number; readonly count: number }[];
  /** Permits for further identifies that were left. */
  readonly spare: number;
  /** Time since they were left. */
  readonly sinceMs: number;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

/** More hours than any record has: one that is longer is not one. */
const MAX_HOURS = 100;

/** Whether a store's answer is a record. */
export function isIdentifyRecord(value: unknown): value is IdentifyRecord {
  const { hours, spare, at } = (value ?? {}) as Record<string, unknown>;
  const isHour = (hour: unknown) => Array.isArray(hour) && isCount(hour[0]) && isCount(hour[1]);
  return isCount(spare) && isCount(at) && Array.isArray(hours) && hours.length <= MAX_HOURS && hours.every(isHour);
}

/** The record after one more identify; hours that count no more are dropped. */
export function addIdentify(record: IdentifyRecord | null, spare: number, nowMs: number): IdentifyRecord {
  const startMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const recent = (record?.hours ?? []).filter(([start]) => start + HOUR_MS + BUDGET_PERIOD_MS > nowMs);
  const count = recent.find(([start]) => start === startMs)?.[1] ?? 0;
  const others = recent.filter(([start]) => start !== startMs);
  return { hours: [...others, [startMs, count + 1]], spare, at: nowMs };
}

/**
 * A record as the chart takes it. Each identify is as young as its hour allows, so that none is forgotten too early; a
 * clock that was set back makes it new.
 */
export function historyOf({ hours, spare, at }: IdentifyRecord, nowMs: number): IdentifyHistory {
  const identifies = hours.map(([startMs, count]) => ({ ageMs: Math.max(0, nowMs - startMs - HOUR_MS), count }));
  return { identifies, spare, sinceMs: Math.max(0, nowMs - at) };
}
