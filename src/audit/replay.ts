import { isDeepStrictEqual } from 'node:util';
import { lifecycleOf, type ShardSnapshot } from '../../machines/lifecycle.js';
import { messageOf } from '../util/messageOf.js';
import type { Decision } from '../protocol/decision.js';
import type { ChartStart } from '../shard/steps.js';
import { checkOf, NO_CHECK } from './checksum.js';
import { chartAt, take } from './pureChart.js';
import { isNewborn } from './lives.js';
import type { SkippedLine } from './read.js';
import type { ReplayRecord } from './record.js';
import { flawOf, sayFlaw } from './schema.js';
import { strangerTo } from './version.js';

/** Every record is what the chart does on its events. */
export interface Replayed {
  readonly ok: true;
  readonly records: number;
  /** How many shard ids they are of. */
  readonly shards: number;
}

/** The first record that is not. */
export interface Divergence {
  readonly ok: false;
  /** Place among the records, from 0; their number where what is wrong stands behind the last. */
  readonly index: number;
  /** The record as it was given; null behind the last. */
  readonly record: unknown;
  /** What the chart, or the log itself, wants to stand there. */
  readonly expected: unknown;
  /** What stands there. */
  readonly found: unknown;
  /** What is wrong, in words. */
  readonly reason: string;
}

export type ReplayResult = Replayed | Divergence;

/** A divergence before its place is known. */
class Wrong {
  constructor(
    readonly reason: string,
    readonly expected: unknown,
    readonly found: unknown,
  ) {}
}

class Replay {
  /** By the life a record says it is of, or else by its shard. */
  readonly #charts = new Map<string, ShardSnapshot>();
  readonly #shards = new Set<number>();
  #index = 0;
  /** Of the record before this one; null where it had none, or there was none. */
  #n: number | null = null;
  #check: string | null = null;

  /** Takes the next record. What is wrong with it, or null. */
  next(record: unknown): Divergence | null {
    let wrong: Wrong | null;
    try {
      wrong = this.#wrongWith(record);
    } catch (error) {
      wrong = new Wrong(`the chart cannot take it: ${messageOf(error)}`, 'a record the chart can take', record);
    }
    if (wrong !== null) return { ok: false, index: this.#index, record, ...wrong };
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
      reason: `line ${line.line} of ${line.file} is no record: ${line.reason}`,
    };
  }

  #wrongWith(given: unknown): Wrong | null {
    const version = (given as { v?: unknown } | null | undefined)?.v;
    const stranger = strangerTo(version);
    if (stranger !== null) return new Wrong(stranger, undefined, version);
    const flaw = flawOf(given);
    if (flaw !== null) return new Wrong(sayFlaw(flaw), flaw.expected, flaw.found);
    const record = given as ReplayRecord;
    return this.#wrongPlace(record) ?? this.#wrongStep(record) ?? this.#wrongCheck(record);
  }

  /** Numbers begin with 1 in every run and have no gaps, and a run begins where the one before it has ended. */
  #wrongPlace({ n, after }: ReplayRecord): Wrong | null {
    const expected = n === 1 ? 1 : this.#n === null ? (this.#index === 0 ? 1 : undefined) : this.#n + 1;
    if (n !== expected && !(n === undefined && this.#index === 0)) {
      return new Wrong(placeReason(n, expected), expected, n);
    }
    if (n === 1) {
      if (this.#check !== null && after !== this.#check) {
        return new Wrong('lines are missing before this run, or runs are out of order', this.#check, after);
      }
      this.#charts.clear();
      this.#check = null;
    }
    this.#n = n ?? null;
    return null;
  }

  #wrongStep(record: ReplayRecord): Wrong | null {
    const { shardId, life, start, since = [], event } = record;
    const key = life === undefined ? `shard ${shardId}` : `life ${life}`;
    const running = this.#charts.get(key);
    if (running !== undefined && start !== undefined && !isNewborn(start) && !goesOn(running, start)) {
      return new Wrong(
        `\`start\` is not where shard ${shardId} was: records of it are missing before this one, or out of order`,
        { value: running.value, context: running.context },
        start,
      );
    }
    let chart = start === undefined ? running : chartAt(start);
    if (chart === undefined) {
      const reason = `where shard ${shardId} started from is missing: a replay begins with the first record of a log, or with shard.history`;
      return new Wrong(reason, '{ value, context }', undefined);
    }
    if (chart.context.shardId !== shardId) {
      const whose = start === undefined ? 'its life' : '`start`';
      return new Wrong(`${whose} is of another shard`, chart.context.shardId, shardId);
    }
    for (const early of since) {
      const after = take(chart, early);
      if (changes(chart, after)) {
        return new Wrong(
          `\`since\` has an event that makes a record of its own: ${early.type}`,
          'no change',
          outcome(chart, after),
        );
      }
      chart = after;
    }
    const after = take(chart, event);
    const wrong = wrongOutcome(record, outcome(chart, after), after);
    if (wrong !== null) return wrong;
    this.#charts.set(key, after);
    this.#shards.add(shardId);
    return null;
  }

  /** Last, for it says less than the chart does. */
  #wrongCheck(record: ReplayRecord): Wrong | null {
    const { check, ...rest } = record;
    if (check === undefined) {
      return this.#check === null ? null : new Wrong('its checksum is missing', '8 hexadecimal digits', undefined);
    }
    if (this.#check === null && rest.n !== undefined && rest.n > 1) {
      return new Wrong('it has a checksum, though the record before it has none', undefined, check);
    }
    const expected = checkOf(JSON.stringify(rest), this.#check ?? NO_CHECK);
    if (check !== expected) {
      return new Wrong(
        'it was edited: its checksum is another, though the chart has nothing against it',
        expected,
        check,
      );
    }
    this.#check = check;
    return null;
  }
}

/** Whether a record starts where the one before it has ended. */
function goesOn({ value, context }: ShardSnapshot, start: ChartStart): boolean {
  // Of a run of replayed dispatches only the furthest is kept.
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

/** What the chart does in one step, in the terms of a record. */
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

/** Whether a step makes a record. */
function changes(before: ShardSnapshot, after: ShardSnapshot): boolean {
  const { from, to, decision } = outcome(before, after);
  return from !== to || decision !== null;
}

function wrongOutcome(record: ReplayRecord, chart: Outcome, { context }: ShardSnapshot): Wrong | null {
  for (const field of ['from', 'to', 'decision'] as const) {
    if (!isDeepStrictEqual(record[field], chart[field])) {
      return new Wrong(
        `\`${field}\` is not what the chart comes to on "${record.event.type}"`,
        chart[field],
        record[field],
      );
    }
  }
  if (chart.from === chart.to && chart.decision === null) {
    return new Wrong(`the chart makes no record of "${record.event.type}" here`, null, record.event);
  }
  const { session } = record;
  if (session?.id !== context.session?.id) {
    return new Wrong('`session` is not the one the chart knows', context.session?.id ?? null, session?.id ?? null);
  }
  // The socket knows the sequence before the chart hears of it.
  if (session !== null && context.session !== null && session.sequence < context.session.sequence) {
    return new Wrong('`session.sequence` is behind what the chart knows', context.session.sequence, session.sequence);
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
      reason: `${divergence.reason}; line ${line.line} of ${line.file} is no record: ${line.reason}`,
    };
  }
  return replay.end(records.skipped ?? []);
}

/**
 * Runs recorded events through the chart, without effects, and compares what it does with what was recorded: ok, or the
 * first divergence. For `shard.history` (or any slice of it), `log.records` (unless two shards of one id live in it at the
 * same time), an array, or `readAuditLog(file)`, which is replayed line by
 * line and answered with a promise; lines that were no records fail it too, of which an array knows nothing. However wrong
 * a record is, it is answered and nothing is thrown; the promise rejects with the AuditError of a log that cannot be read.
 */
export function replayAudit(records: AsyncIterable<ReplayRecord>): Promise<ReplayResult>;
export function replayAudit(records: Iterable<ReplayRecord>): ReplayResult;
export function replayAudit(
  records: Iterable<ReplayRecord> | AsyncIterable<ReplayRecord>,
): ReplayResult | Promise<ReplayResult> {
  return Symbol.asyncIterator in records ? replayEach(records) : replayAll(records);
}
