import { isDeepStrictEqual } from 'node:util';
import { lifecycleOf, type ShardSnapshot } from '../../machines/lifecycle.js';
import { messageOf } from '../util/messageOf.js';
import type { Decision } from '../protocol/decision.js';
import type { ChartStart } from '../shard/steps.js';
import { checkOf, NO_CHECK } from './checksum.js';
import { restore, step } from './pureChart.js';
import { isNewborn } from './lives.js';
import type { SkippedLine } from './read.js';
import type { ReplayRecord } from './record.js';
import { issueOf, describeIssue } from './schema.js';
import { formatProblem } from './version.js';
import { handled } from '../util/handled.js';

/** The result where the chart does on the recorded events what the records say. */
export interface Replayed {
  readonly ok: true;
  readonly records: number;
  /** Number of different shard ids among the records. */
  readonly shards: number;
}

/** The first record that differs from what the chart does. */
export interface Divergence {
  readonly ok: false;
  /** Place among the records, from 0; the number of records where the fault lies behind the last. */
  readonly index: number;
  /** The record as it was given; null behind the last. */
  readonly record: unknown;
  /** Value that the chart, or the log's format, demands. */
  readonly expected: unknown;
  /** Value that the record has. */
  readonly found: unknown;
  /** Explanation in words. */
  readonly reason: string;
}

export type ReplayResult = Replayed | Divergence;

/** A divergence before its place is known. */
class Mismatch {
  constructor(
    readonly reason: string,
    readonly expected: unknown,
    readonly found: unknown,
  ) {}
}

class Replay {
  /** Charts by the life that a record names, or else by its shard. */
  readonly #charts = new Map<string, ShardSnapshot>();
  readonly #shards = new Set<number>();
  #index = 0;
  /** `n` and `check` of the record before; null where it had none, or where this is the first. */
  #n: number | null = null;
  #check: string | null = null;

  /** Replays the next record. Returns how it diverges, or null. */
  next(record: unknown): Divergence | null {
    let mismatch: Mismatch | null;
    try {
      mismatch = this.#mismatchOf(record);
    } catch (error) {
      mismatch = new Mismatch(
        `the chart cannot take its events: ${messageOf(error)}`,
        'events that the chart can take',
        record,
      );
    }
    if (mismatch !== null) return { ok: false, index: this.#index, record, ...mismatch };
    this.#index += 1;
    return null;
  }

  end(skipped: readonly SkippedLine[]): ReplayResult {
    const [line] = skipped;
    if (line === undefined) return { ok: true, records: this.#index, shards: this.#shards.size };
    return {
      ok: false,
      index: this.#index,
      record: null,
      expected: 'records only',
      found: line,
      reason: `line ${line.line} of ${line.file} is not a record: ${line.reason}`,
    };
  }

  #mismatchOf(given: unknown): Mismatch | null {
    const version = (given as { v?: unknown } | null | undefined)?.v;
    const problem = formatProblem(version);
    if (problem !== null) return new Mismatch(problem, undefined, version);
    const issue = issueOf(given);
    if (issue !== null) return new Mismatch(describeIssue(issue), issue.expected, issue.found);
    const record = given as ReplayRecord;
    return this.#placeMismatch(record) ?? this.#stepMismatch(record) ?? this.#checkMismatch(record);
  }

  /** Numbers start at 1 in every run and have no gaps; a run continues where the run before it ended. */
  #placeMismatch({ n, after }: ReplayRecord): Mismatch | null {
    const expected = n === 1 ? 1 : this.#n === null ? (this.#index === 0 ? 1 : undefined) : this.#n + 1;
    if (n !== expected && !(n === undefined && this.#index === 0)) {
      return new Mismatch(placeReason(n, expected), expected, n);
    }
    if (n === 1) {
      if (this.#check !== null && after !== this.#check) {
        return new Mismatch('lines are missing before this run, or runs are out of order', this.#check, after);
      }
      this.#charts.clear();
      this.#check = null;
    }
    this.#n = n ?? null;
    return null;
  }

  #stepMismatch(record: ReplayRecord): Mismatch | null {
    const { shardId, life, start, since = [], event } = record;
    const key = life === undefined ? `shard ${shardId}` : `life ${life}`;
    const running = this.#charts.get(key);
    if (running !== undefined && start !== undefined && !isNewborn(start) && !goesOn(running, start)) {
      return new Mismatch(
        `\`start\` is not where shard ${shardId} was: records of it are missing before this one, or out of order`,
        { value: running.value, context: running.context },
        start,
      );
    }
    let chart = start === undefined ? running : restore(start);
    if (chart === undefined) {
      const reason = `where shard ${shardId} started from is missing: a replay begins with the first record of a log, or with shard.history`;
      return new Mismatch(reason, '{ value, context }', undefined);
    }
    if (chart.context.shardId !== shardId) {
      const whose = start === undefined ? 'its life' : '`start`';
      return new Mismatch(`${whose} is of another shard`, chart.context.shardId, shardId);
    }
    for (const early of since) {
      const after = step(chart, early);
      if (changes(chart, after)) {
        return new Mismatch(
          `\`since\` has an event that makes a record of its own: ${early.type}`,
          'no change',
          outcome(chart, after),
        );
      }
      chart = after;
    }
    const after = step(chart, event);
    const mismatch = outcomeMismatch(record, outcome(chart, after), after);
    if (mismatch !== null) return mismatch;
    this.#charts.set(key, after);
    this.#shards.add(shardId);
    return null;
  }

  /** Compares the checksum after the chart, whose answer says more about what was changed. */
  #checkMismatch(record: ReplayRecord): Mismatch | null {
    const { check, ...rest } = record;
    if (check === undefined) {
      return this.#check === null ? null : new Mismatch('its checksum is missing', '8 hexadecimal digits', undefined);
    }
    if (this.#check === null && rest.n !== undefined && rest.n > 1) {
      return new Mismatch('it has a checksum, though the record before it has none', undefined, check);
    }
    const expected = checkOf(JSON.stringify(rest), this.#check ?? NO_CHECK);
    if (check !== expected) {
      return new Mismatch('it was edited: its checksum differs, though the chart agrees with it', expected, check);
    }
    this.#check = check;
    return null;
  }
}

/** True where a record starts in the state in which the record before it ended. */
function goesOn({ value, context }: ShardSnapshot, start: ChartStart): boolean {
  // Of several `dispatch.replayed` events in a row only the last is recorded.
  const expected = { value, context: { ...context, replayed: 0 } };
  return isDeepStrictEqual({ value: start.value, context: { ...start.context, replayed: 0 } }, expected);
}

function placeReason(n: number | undefined, expected: number | undefined): string {
  if (n === undefined) return 'it has no number, though the record before it has one';
  if (expected === undefined) return 'it has a number, though the record before it has none';
  if (n > expected) {
    const missing = n - 1 === expected ? `record ${expected} is` : `records ${expected} to ${n - 1} are`;
    return `${missing} missing`;
  }
  return `record ${n} stands where record ${expected} belongs`;
}

/** The chart's step in the terms of a record. */
interface Outcome {
  readonly from: string;
  readonly to: string;
  readonly decision: Decision | null;
}

function outcome(before: ShardSnapshot, after: ShardSnapshot): Outcome {
  const { lastDecision } = after.context;
  return {
    from: lifecycleOf(before),
    to: lifecycleOf(after),
    decision: lastDecision === before.context.lastDecision ? null : lastDecision,
  };
}

/** True where a step makes a record. */
function changes(before: ShardSnapshot, after: ShardSnapshot): boolean {
  const { from, to, decision } = outcome(before, after);
  return from !== to || decision !== null;
}

function outcomeMismatch(record: ReplayRecord, chart: Outcome, { context }: ShardSnapshot): Mismatch | null {
  for (const field of ['from', 'to', 'decision'] as const) {
    if (!isDeepStrictEqual(record[field], chart[field])) {
      return new Mismatch(
        `\`${field}\` is not what the chart does on "${record.event.type}"`,
        chart[field],
        record[field],
      );
    }
  }
  if (chart.from === chart.to && chart.decision === null) {
    return new Mismatch(`the chart makes no record of "${record.event.type}" here`, null, record.event);
  }
  const { session } = record;
  if (session?.id !== context.session?.id) {
    return new Mismatch('`session` is not the one the chart knows', context.session?.id ?? null, session?.id ?? null);
  }
  // The socket counts the sequence itself and sends it to the chart later.
  if (session !== null && context.session !== null && session.sequence < context.session.sequence) {
    return new Mismatch(
      '`session.sequence` is behind what the chart knows',
      context.session.sequence,
      session.sequence,
    );
  }
  return null;
}

function replayAll(records: Iterable<unknown>): ReplayResult {
  const replay = new Replay();
  for (const record of records) {
    const divergence = replay.next(record);
    if (divergence !== null) return divergence;
  }
  return replay.end([]);
}

async function replayEach(
  records: AsyncIterable<unknown> & { skipped?: readonly SkippedLine[] },
): Promise<ReplayResult> {
  const replay = new Replay();
  for await (const record of records) {
    const divergence = replay.next(record);
    if (divergence === null) continue;
    const [line] = records.skipped ?? [];
    if (line === undefined) return divergence;
    return {
      ...divergence,
      reason: `${divergence.reason}; line ${line.line} of ${line.file} is not a record: ${line.reason}`,
    };
  }
  return replay.end(records.skipped ?? []);
}

/**
 * Runs recorded events through the chart, without effects, and compares the chart's steps with the records. Returns
 * `{ ok: true }`, or the first divergence.
 *
 * Takes `shard.history` or any slice of it, `log.records` (unless two shards of one id were in it at the same time), an
 * array of records, or `readAuditLog(file)`. A reader is replayed line by line, and the result is a promise; a line that is
 * not a record fails the replay too. An array knows nothing of such lines.
 *
 * No record makes it throw, however wrong. The promise rejects with the AuditError of a log that cannot be read.
 */
export function replayAudit(records: AsyncIterable<ReplayRecord>): Promise<ReplayResult>;
export function replayAudit(records: Iterable<ReplayRecord>): ReplayResult;
export function replayAudit(
  records: Iterable<ReplayRecord> | AsyncIterable<ReplayRecord>,
): ReplayResult | Promise<ReplayResult> {
  return Symbol.asyncIterator in records ? handled(replayEach(records)) : replayAll(records);
}
