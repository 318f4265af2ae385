/** True for an object that has properties by name: neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a whole number from `min` to `max` that a double holds exactly. */
export function isWhole(value: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** True for a finite number of at least `min`. */
export function isNumberFrom(min: number, value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= min;
}
