import { lifecycles } from '../../machines/lifecycle.js';
import type { Action } from '../protocol/decision.js';
import { isRecord, isWhole } from '../util/predicates.js';

/** What is wrong with something that should be a record. */
export interface Flaw {
  /** `decision.delay`, or empty for the whole. */
  readonly at: string;
  /** What should stand there, in words. */
  readonly expected: string;
  readonly found: unknown;
}

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, readonly [check: Check, expected: string]>>;

// Compiles only while it names all there are.
const actions = Object.keys({
  resume: true,
  identify: true,
  fatal: true,
  close: true,
} satisfies Record<Action, true>);

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string';
const isChecksum: Check = (value) => isText(value) && /^[0-9a-f]{8}$/.test(value as string);
const isEvent: Check = (value) => isRecord(value) && isText((value as { type?: unknown }).type);
const isStart: Check = (value) => {
  const { value: state, context } = value as { value?: unknown; context?: unknown };
  return (isText(state) || isRecord(state)) && isRecord(context);
};
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isOneOf =
  (names: readonly string[]): Check =>
  (value) =>
    names.includes(value as string);
const isWholeFrom =
  (min: number): Check =>
  (value) =>
    isWhole(value, min);

const states = `one of ${lifecycles.join(', ')}`;

const record: Fields = {
  at: [isNumber, 'milliseconds since the epoch'],
  shardId: [isWholeFrom(0), 'a shard id'],
  from: [isOneOf(lifecycles), states],
  to: [isOneOf(lifecycles), states],
  event: [isEvent, 'an event, { type, … }'],
  decision: [orNull(isRecord), 'a decision or null'],
  session: [orNull(isRecord), '{ id, sequence } or null'],
  since: [optional((value) => Array.isArray(value) && value.every(isEvent)), 'an array of events'],
  start: [optional((value) => isRecord(value) && isStart(value)), '{ value, context }'],
  n: [optional(isWholeFrom(1)), 'the number of the record in its run'],
  after: [optional(orNull(isChecksum)), '8 hexadecimal digits or null'],
  life: [optional(isWholeFrom(1)), 'the number of a life in its run'],
  check: [optional(isChecksum), '8 hexadecimal digits'],
};

const decision: Fields = {
  action: [isOneOf(actions), `one of ${actions.join(', ')}`],
  code: [orNull(isNumber), 'a close code or null'],
  reason: [isText, 'a string'],
  attempt: [isNumber, 'a number'],
  delay: [isNumber, 'milliseconds'],
};

const session: Fields = {
  id: [isText, 'the id of a session'],
  sequence: [isNumber, 'a number'],
};

/** What a line of a log has besides what a record has. */
const line: Fields = {
  since: [Array.isArray, 'an array of events'],
  n: [isNumber, 'the number of the record in its run'],
  life: [isNumber, 'the number of a life in its run'],
  check: [isText, '8 hexadecimal digits'],
};

const firstLine: Fields = {
  after: [(value) => value !== undefined, '8 hexadecimal digits or null'],
};

/** The first thing that is wrong with the shape of a record, or null. */
export function flawOf(value: unknown): Flaw | null {
  if (!isRecord(value)) return { at: '', expected: 'a transition record', found: value };
  const { decision: why, session: of } = value as Record<string, unknown>;
  return (
    flawIn(record, '', value) ??
    (isRecord(why) ? flawIn(decision, 'decision.', why) : null) ??
    (isRecord(of) ? flawIn(session, 'session.', of) : null)
  );
}

/** The same for the line of a log. */
export function flawOfLine(value: unknown): Flaw | null {
  return flawOf(value) ?? flawIn(line, '', value) ?? flawIn(startsRun(value) ? firstLine : {}, '', value);
}

const startsRun = (record: unknown): boolean => (record as { n?: unknown }).n === 1;

export function sayFlaw({ at, expected }: Flaw): string {
  return at === '' ? `it is not ${expected}` : `\`${at}\` is not ${expected}`;
}

function flawIn(fields: Fields, prefix: string, value: unknown): Flaw | null {
  for (const [name, [check, expected]] of Object.entries(fields)) {
    const found = (value as Record<string, unknown>)[name];
    if (!check(found)) return { at: prefix + name, expected, found };
  }
  return null;
}
