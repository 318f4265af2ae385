import type { Lifecycle } from '../../../machines/lifecycle.js';
import type { AuditLogReader, AuditRecord } from '../../audit/index.js';
import { isNewborn } from '../../audit/lives.js';
import type { Decision } from '../../protocol/decision.js';

/** The fields of a record that are used for all shards, and the rest as JSON. */
export interface Entry {
  readonly at: number;
  readonly shardId: number;
  /** Run of the log, and life within that run. */
  readonly run: number;
  readonly life: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  /** True where the record begins the life of a new shard; null where its start is not known. */
  readonly isBirth: boolean | null;
  readonly decision: Decision | null;
  /** The record as JSON, for a replay. Parsed records would take several times the memory. */
  readonly text: string;
}

/**
 * Reads the records in order of time, over all processes and shards. A log that was attached late has the history of
 * one shard after the other's, and several processes write several logs. Records of a life keep their order, even where
 * the clock was set back.
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

/** Describes the lines that were left out; null where there are none. */
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
