import type { Lifecycle } from '../../../machines/lifecycle.js';
import type { AuditLogReader, AuditRecord } from '../../audit/index.js';
import { isNewborn } from '../../audit/lives.js';
import type { Decision } from '../../protocol/decision.js';

/** What is kept of a record: the few fields that are looked at in all of them, and the rest as text. */
export interface Entry {
  readonly at: number;
  readonly shardId: number;
  /** Which run of the log it is of, and which life in that. */
  readonly run: number;
  readonly life: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  /** Whether it begins the life of a shard to which nothing had happened yet; null where it does not say what it began from. */
  readonly isBirth: boolean | null;
  readonly decision: Decision | null;
  /** The record as JSON, for a replay. Parsed ones take several times the memory. */
  readonly text: string;
}

/**
 * The records of these files in the order of their times, whatever process and shard they are of: a log that is attached
 * late has the past of one shard after that of another, and several processes write several logs. Within a life they stay
 * as they are, for a clock may be set back.
 * @throws AuditError `NOT_FOUND`, `CANNOT_READ`
 */
export async function readEntries(reader: AuditLogReader): Promise<Entry[]> {
  const entries: Entry[] = [];
  const latest = new Map<number, number>();
  let run = 0;
  for await (const record of reader) {
    if (record.n === 1) {
      run += 1;
      latest.clear();
    }
    const at = Math.max(record.at, latest.get(record.life) ?? -Infinity);
    latest.set(record.life, at);
    entries.push(entryOf(record, at, run));
  }
  return entries.toSorted((a, b) => a.at - b.at);
}

function entryOf(record: AuditRecord, at: number, run: number): Entry {
  const { n: _n, after: _after, check: _check, life, ...rest } = record;
  const { shardId, from, to, start, decision } = record;
  const isBirth = start === undefined ? null : isNewborn(start);
  return { at, shardId, run, life, from, to, isBirth, decision, text: JSON.stringify({ ...rest, at }) };
}

/** What has been passed over, in words; null where nothing has. */
export function describePassedOver({ skipped, skippedCount, torn }: AuditLogReader): string | null {
  const parts = [
    ...skipped
      .slice(0, 1)
      .map((line) => `${lines(skippedCount)} left out, the first ${line.file}:${line.line}: ${line.reason}`),
    ...torn.slice(0, 1).map((line) => `${lines(torn.length)} torn, as by a kill, the first ${line.file}:${line.line}`),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

const lines = (count: number) => `${count} line${count === 1 ? '' : 's'}`;
