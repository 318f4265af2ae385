import type { Decision } from '../../protocol/decision.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const two = (value: number): string => String(value).padStart(2, '0');

/** `14:03:22`, local time. */
export function showTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `14:03:22.108`, local time. */
export function showExactTime(at: number): string {
  return `${showTime(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** `14:03`, local time. */
export const showHour = (at: number): string => showTime(at).slice(0, 'hh:mm'.length);

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `20 Nov`, local date, with a non-breaking space. */
export const showDay = (at: number): string => day.format(at).replace(' ', '\u00A0');

const isSameDay = (at: number, now: number): boolean => new Date(at).toDateString() === new Date(now).toDateString();

function dayAfter(at: number): number {
  const date = new Date(at);
  return date.setDate(date.getDate() + 1);
}

/** `14:03`, `tomorrow 14:03`, or `20 Nov 14:03`. */
export function showDue(at: number, now: number): string {
  if (isSameDay(at, now)) return showHour(at);
  return `${isSameDay(at, dayAfter(now)) ? 'tomorrow' : showDay(at)} ${showHour(at)}`;
}

/** `14:03:22`, after its date where `now` is on another day. */
export const showMoment = (at: number, now: number): string => onItsDay(showTime(at), at, now);

/** `14:03:22.108`, after its date where `now` is on another day. */
export const showExactMoment = (at: number, now: number): string => onItsDay(showExactTime(at), at, now);

const onItsDay = (time: string, at: number, now: number): string =>
  isSameDay(at, now) ? time : `${showDay(at)} ${time}`;

const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' });

/** Time zone of all times: `CET`, `GMT+2`. */
export const showZone = (at: number): string =>
  zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** `320 ms`, `2.4 s`, `42 s`, `3 min 12 s`, `5 h 12 min`, `3 d 4 h`: at most two units. */
export function showDuration(ms: number): string {
  if (Math.round(ms) < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`;
  return ms < 9_950 ? `${Number((ms / SECOND_MS).toFixed(1))} s` : showSpan(ms);
}

/** Like {@link showDuration} in whole seconds, for texts that are updated each second. */
export function showSpan(ms: number): string {
  const rounded = Math.max(0, Math.round(ms / SECOND_MS)) * SECOND_MS;
  if (rounded < MINUTE_MS) return `${rounded / SECOND_MS} s`;
  if (rounded < HOUR_MS) return inUnits(rounded, [MINUTE_MS, 'min'], [SECOND_MS, 's']);
  if (rounded < DAY_MS) return inUnits(rounded, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return inUnits(rounded, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

type Unit = readonly [ms: number, name: string];

function inUnits(ms: number, [big, bigName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % big) / small);
  const whole = `${Math.floor(ms / big)} ${bigName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

/** `12 480`, with narrow non-breaking spaces. */
export function showCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** `0`, `3.4`, `1 240`: with one decimal below 10. */
export function showRate(rate: number): string {
  return rate === 0 || rate >= 9.95 ? showCount(rate) : rate.toFixed(1);
}

/** `820 B`, `3.4 kB`, `12 MB`. */
export function showBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 shard`, `14 shards`. */
export const many = (count: number, one: string): string => `${showCount(count)} ${one}${count === 1 ? '' : 's'}`;

/** Consequence of a decision: `resume at once`, `identify in 2.4 s, after attempt 2`, `fatal: stays down`. */
export function describeDecision({ action, attempt, delay }: Decision): string {
  if (action === 'fatal') return 'fatal: stays down';
  if (action === 'close') return 'stays down, as asked';
  const when = delay === 0 ? 'at once' : `in ${showDuration(delay)}`;
  return `${action} ${when}${attempt > 1 ? `, after attempt ${attempt - 1}` : ''}`;
}

/** Reason of a decision, after its close code unless it begins with that. */
export function describeCause({ code, reason }: Pick<Decision, 'code' | 'reason'>): string {
  return code === null || reason.startsWith(String(code)) ? reason : `${code} ${reason}`;
}

/** Name of an event as in the pictures; XState's own events are spelled out. */
export function describeEvent(type: string): string {
  const [, kind, rest = ''] = /^xstate\.(after|done\.actor|error\.actor)\.(.+)$/.exec(type) ?? [];
  switch (kind) {
    case 'after':
      return `after ${rest.split('.', 1)[0]}`;
    case 'done.actor':
      return `${rest} done`;
    case 'error.actor':
      return `${rest} failed`;
    default:
      return type;
  }
}
