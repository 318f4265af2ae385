import { lifecycles } from '../../machines/lifecycle.js';
import type { Action } from '../protocol/decision.js';
import { isRecord, isWhole } from '../util/predicates.js';

/** A property that is not as a record's must be. */
export interface Issue {
  /** Path such as `decision.delay`; empty for the whole value. */
  readonly at: string;
  /** The demanded value in words. */
  readonly expected: string;
  readonly found: unknown;
}

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, readonly [check: Check, expected: string]>>;

// `satisfies` fails to compile when an action is missing.
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

/** Properties that only a line of a log must have. */
const line: Fields = {
  since: [Array.isArray, 'an array of events'],
  n: [isNumber, 'the number of the record in its run'],
  life: [isNumber, 'the number of a life in its run'],
  check: [isText, '8 hexadecimal digits'],
};

const firstLine: Fields = {
  after: [(value) => value !== undefined, '8 hexadecimal digits or null'],
};

/** The first issue with the shape of a record, or null. */
export function issueOf(value: unknown): Issue | null {
  if (!isRecord(value)) return { at: '', expected: 'a transition record', found: value };
  const { decision: why, session: of } = value as Record<string, unknown>;
  return (
    issueIn(record, '', value) ??
    (isRecord(why) ? issueIn(decision, 'decision.', why) : null) ??
    (isRecord(of) ? issueIn(session, 'session.', of) : null)
  );
}

/** The first issue with the shape of a log's line, or null. */
export function issueOfLine(value: unknown): Issue | null {
  return issueOf(value) ?? issueIn(line, '', value) ?? issueIn(startsRun(value) ? firstLine : {}, '', value);
}

const startsRun = (record: unknown): boolean => (record as { n?: unknown }).n === 1;

export function describeIssue({ at, expected }: Issue): string {
  return at === '' ? `it is not ${expected}` : `\`${at}\` is not ${expected}`;
}

function issueIn(fields: Fields, prefix: string, value: unknown): Issue | null {
  for (const [name, [check, expected]] of Object.entries(fields)) {
    const found = (value as Record<string, unknown>)[name];
    if (!check(found)) return { at: prefix + name, expected, found };
  }
  return null;
}
