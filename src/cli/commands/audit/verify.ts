import { stat } from 'node:fs/promises';
import {
  type AuditLogReader,
  type AuditRecord,
  type Divergence,
  readAuditLog,
  replayAudit,
  type SkippedLine,
} from '../../../audit/index.js';
import { printable, wrap } from '../../terminal/format.js';
import type { Output } from '../../terminal/output.js';
import { warn } from '../../terminal/warn.js';
import { warnOfTorn } from './warn.js';

/** Result of a replay. */
export type Verdict =
  | { readonly ok: true; readonly records: number; readonly shards: number }
  | { readonly ok: false; readonly file: string; readonly line: number; readonly divergence: Divergence };

/** Replays each file from its own start. A file without a record gets a warning on stderr. */
export async function verify(files: readonly string[]): Promise<Verdict> {
  const shardIds = new Set<number>();
  let records = 0;
  for (const file of files) {
    const reader = readAuditLog(file);
    const result = await replayAudit(collectShards(reader, shardIds));
    warnOfTorn(reader.torn);
    if (!result.ok) return { ok: false, file, line: lineOf(result, reader), divergence: result };
    if (result.records === 0) {
      const isEmpty = reader.torn.length === 0 && (await stat(file)).size === 0;
      warn(`${file} ${isEmpty ? 'is empty' : 'has no record'}: nothing to verify`);
      if (!isEmpty) return { ok: false, file, line: 1, divergence: noRecord(reader.torn[0]) };
    }
    records += result.records;
  }
  return { ok: true, records, shards: shardIds.size };
}

/** The verdict on a file without a record: it is not a log, or was torn within its first record. */
function noRecord(line: SkippedLine | undefined): Divergence {
  const reason = 'the file has no record: check that it is an audit log';
  return { ok: false, index: 0, record: null, expected: 'records', found: line ?? null, reason };
}

/** Passes records on and collects the shard ids; a shard in several files counts once. */
function collectShards(reader: AuditLogReader, shardIds: Set<number>): AsyncIterable<AuditRecord> {
  return {
    get skipped() {
      return reader.skipped;
    },
    async *[Symbol.asyncIterator]() {
      for await (const record of reader) {
        shardIds.add(record.shardId);
        yield record;
      }
    },
  } as AsyncIterable<AuditRecord>;
}

/**
 * Line of a record in its file, which includes skipped and torn lines. Behind the last record, the line that was
 * skipped.
 */
function lineOf({ index, record }: Divergence, { skipped, torn }: AuditLogReader): number {
  if (record === null && skipped[0] !== undefined) return skipped[0].line;
  const passedOver = [...skipped, ...torn].toSorted((a, b) => a.line - b.line);
  return passedOver.reduce((line, { line: other }) => (other <= line ? line + 1 : line), index + 1);
}

/** Writes a verdict for people. */
export function reportVerdict(output: Output, verdict: Verdict): void {
  const { colors, columns, line } = output;
  if (verdict.ok) {
    const { records, shards } = verdict;
    line(
      colors.bold(
        `verified: ${records} record${records === 1 ? '' : 's'} of ${shards} shard${shards === 1 ? '' : 's'}`,
      ),
    );
    return;
  }
  const { reason, record, expected, found } = verdict.divergence;
  line(colors.bold(colors.yellow(`${verdict.file}, line ${verdict.line}: does not verify`)));
  for (const row of wrap(printable(reason), columns - 2)) line(`  ${row}`);
  line();
  for (const [label, value] of Object.entries({ expected, found, record })) {
    // `expected` may be absent, and there is no `record` behind the last one.
    if (value === undefined || (label === 'record' && value === null)) continue;
    const [first = '', ...rest] = rows(value, columns - 12);
    line(`  ${colors.dim(label.padStart(8))}  ${first}`);
    for (const row of rest) line(' '.repeat(12) + row);
  }
}

/** A value as JSON in rows; a long value is cut. */
function rows(value: unknown, width: number): string[] {
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
  const all = text.match(new RegExp(`.{1,${Math.max(1, width)}}`, 'gs')) ?? [text];
  return all.length <= MAX_ROWS ? all : [...all.slice(0, MAX_ROWS - 1), `… (${text.length} characters)`];
}

const MAX_ROWS = 8;
