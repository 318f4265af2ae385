import {
  type AuditLogReader,
  type AuditRecord,
  type Divergence,
  readAuditLog,
  replayAudit,
  type SkippedLine,
} from '../../audit/index.js';
import { wrap } from '../format.js';
import type { Output } from '../output.js';

/** What a replay of a log has shown. */
export type Verdict =
  | { readonly ok: true; readonly records: number; readonly shards: number }
  | { readonly ok: false; readonly file: string; readonly line: number; readonly divergence: Divergence };

/** Replays whole files, each by itself: each begins with the charts as they were. */
export async function verify(files: readonly string[]): Promise<Verdict> {
  const shardIds = new Set<number>();
  let records = 0;
  for (const file of files) {
    const reader = readAuditLog(file);
    const result = await replayAudit(noting(reader, shardIds));
    if (!result.ok) return { ok: false, file, line: lineOf(result, reader.skipped), divergence: result };
    records += result.records;
  }
  return { ok: true, records, shards: shardIds.size };
}

/** The reader, and on the way the shards it tells of: one that is in several files is counted once. */
function noting(reader: AuditLogReader, shardIds: Set<number>): AsyncIterable<AuditRecord> {
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

/** Where it is in the file, as far as its lines are records or have been passed over; behind the last record, the line that is none. */
function lineOf({ index, record }: Divergence, skipped: readonly SkippedLine[]): number {
  if (record === null && skipped[0] !== undefined) return skipped[0].line;
  return skipped.reduce((line, { line: other }) => (other <= line ? line + 1 : line), index + 1);
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
  for (const row of wrap(reason, columns - 2)) line(`  ${row}`);
  line();
  for (const [label, value] of Object.entries({ expected, found, record })) {
    // Where there is nothing to expect, or no record behind the last.
    if (value === undefined || (label === 'record' && value === null)) continue;
    const [first = '', ...rest] = rows(value, columns - 12);
    line(`  ${colors.dim(label.padStart(8))}  ${first}`);
    for (const row of rest) line(' '.repeat(12) + row);
  }
}

/** A value as JSON, in rows; of a long one its beginning. */
function rows(value: unknown, width: number): string[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const all = text.match(new RegExp(`.{1,${Math.max(1, width)}}`, 'gs')) ?? [text];
  return all.length <= MAX_ROWS ? all : [...all.slice(0, MAX_ROWS - 1), `… (${text.length} characters)`];
}

const MAX_ROWS = 8;
