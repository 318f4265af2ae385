import { UsageError } from '../../exitCode.js';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS_MS;

/** Syntax of a time, for `--help`. */
export const timeSyntax = '2026-11-21T03:00, 03:00 (the last one), 90s, 15m, 2h or 3d ago, or now';

/**
 * Parses a time of `--since` or `--until` to milliseconds since the epoch. Without a zone it is local, or UTC with
 * `--utc`.
 *
 * @throws UsageError
 */
export function parseTime(text: string, { now, isUtc }: { now: number; isUtc: boolean }): number {
  const written = text.trim();
  if (written.toLowerCase() === 'now') return now;
  const ago = /^(\d{1,9})([smhd])$/i.exec(written);
  if (ago !== null) return now - Number(ago[1]) * UNITS_MS[(ago[2] as string).toLowerCase() as Unit];
  const time = parseDate(written, isUtc) ?? parseTimeOfDay(written, now, isUtc);
  if (time === null) throw new UsageError(`"${text}" is not a time. Use ${timeSyntax}.`);
  return time;
}

const TIME_OF_DAY = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const dateAndTime = new RegExp(
  String.raw`^(\d{4})-(\d{2})-(\d{2})(?:[T ]${TIME_OF_DAY}\s*(Z|[+-]\d{2}:?\d{2})?)?$`,
  'i',
);
const timeOfDay = new RegExp(`^${TIME_OF_DAY}$`);

/** Date.parse is no use here: it reads a date as UTC, and a date with a time as local. */
function parseDate(text: string, isUtc: boolean): number | null {
  const found = dateAndTime.exec(text);
  if (found === null) return null;
  const [, year, month, day, hours, minutes, seconds, fraction, zone] = found;
  const parts = [year, month, day, hours, minutes, seconds].map((part) => Number(part ?? 0));
  const utc = epochMs([...parts, millis(fraction)], isUtc || zone !== undefined);
  return utc === null ? null : utc - zoneMs(zone);
}

/** The most recent time of day: at three in the morning 23:50 means yesterday. */
function parseTimeOfDay(text: string, now: number, isUtc: boolean): number | null {
  const found = timeOfDay.exec(text);
  if (found === null) return null;
  const clock = [...found.slice(1, 4).map((part) => Number(part ?? 0)), millis(found[4])];
  const onDay = (date: Date): number | null => {
    const day = isUtc
      ? [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
      : [date.getFullYear(), date.getMonth() + 1, date.getDate()];
    return epochMs([...day, ...clock], isUtc);
  };
  const today = onDay(new Date(now));
  return today === null || today <= now ? today : onDay(dayBefore(now, isUtc));
}

/** Goes back by the calendar: on a day when the clocks change, 24 hours earlier may be the same day or two days ago. */
function dayBefore(now: number, isUtc: boolean): Date {
  const date = new Date(now);
  if (isUtc) date.setUTCDate(date.getUTCDate() - 1);
  else date.setDate(date.getDate() - 1);
  return date;
}

/** Null for a date or time that does not exist: 30 February, 25 o'clock. */
function epochMs(parts: readonly number[], isUtc: boolean): number | null {
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0, ms = 0] = parts;
  const onCalendar = new Date(Date.UTC(year, month - 1, day));
  if (onCalendar.getUTCMonth() !== month - 1 || onCalendar.getUTCDate() !== day) return null;
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  return isUtc
    ? Date.UTC(year, month - 1, day, hours, minutes, seconds, ms)
    : new Date(year, month - 1, day, hours, minutes, seconds, ms).getTime();
}

const millis = (fraction: string | undefined): number => Number((fraction ?? '').padEnd(3, '0').slice(0, 3));

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * UNITS_MS.h + minutes * UNITS_MS.m);
}

const two = (value: number): string => String(value).padStart(2, '0');
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Shows times of the wall clock, local or in UTC. */
export class WallClock {
  readonly #isUtc: boolean;

  constructor(isUtc: boolean) {
    this.#isUtc = isUtc;
  }

  /** `03:14:15.926`. */
  time(at: number): string {
    const date = this.#shifted(at);
    const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
    return `${clock}.${String(date.getUTCMilliseconds()).padStart(3, '0')}`;
  }

  /** `2026-11-21`. */
  date(at: number): string {
    const date = this.#shifted(at);
    return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  }

  /** `Saturday 2026-11-21, UTC+01:00`. The text changes when the clocks change. */
  day(at: number): string {
    const minutes = this.#offsetMinutes(at);
    const sign = minutes < 0 ? '-' : '+';
    const zone =
      minutes === 0 ? '' : `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    return `${weekdays[this.#shifted(at).getUTCDay()]} ${this.date(at)}, UTC${zone}`;
  }

  #offsetMinutes(at: number): number {
    return this.#isUtc ? 0 : -new Date(at).getTimezoneOffset();
  }

  /** A date whose UTC fields are those of the wall clock. */
  #shifted(at: number): Date {
    return new Date(at + this.#offsetMinutes(at) * UNITS_MS.m);
  }
}

/** A duration in its two largest units: `3d 02h`, `2h 05m`, `1m 40s`, `12.34s`. */
export function showDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${days}d ${two(hours % 24)}h`;
  if (hours > 0) return `${hours}h ${two(minutes % 60)}m`;
  if (minutes > 0) return `${minutes}m ${two(seconds % 60)}s`;
  return `${(Math.floor(ms / 10) / 100).toFixed(2)}s`;
}
