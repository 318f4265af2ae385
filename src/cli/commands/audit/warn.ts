import type { AuditLogReader, AuditRecord, SkippedLine } from '../../../audit/index.js';
import { formatProblem } from '../../../audit/version.js';
import { warn } from '../../terminal/warn.js';

type SkippedLines = Pick<AuditLogReader, 'skipped' | 'skippedCount' | 'torn'>;

/**
 * Warns about skipped lines, once for each file and reason: in a log of another format every line is skipped. Names the
 * first line.
 */
export function warnOfSkipped({ skipped, skippedCount, torn }: SkippedLines): void {
  for (const [{ reason }, places] of grouped(skipped)) warn(`${places} left out: ${reason}`);
  if (skippedCount > skipped.length) warn(`and ${skippedCount - skipped.length} more lines left out`);
  warnOfTorn(torn);
}

/** Warns about torn lines. */
export function warnOfTorn(torn: readonly SkippedLine[]): void {
  for (const [, places] of grouped(torn)) warn(`${places} left out: torn, as by a kill, or still being written`);
}

/** Groups lines by file and reason: the first line, and a text that locates them all. */
function grouped(lines: readonly SkippedLine[]): [SkippedLine, string][] {
  const groups = new Map<string, { first: SkippedLine; count: number }>();
  for (const line of lines) {
    const key = `${line.reason} ${line.file}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: line, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()].map(({ first, count }) => [
    first,
    `${first.file}, line ${first.line}${count === 1 ? '' : ` and ${count - 1} more`}`,
  ]);
}

/** Returns a function that warns at the first record of another log format. */
export function createVersionWarning(): (record: AuditRecord) => void {
  let hasWarned = false;
  return (record) => {
    const problem = hasWarned ? null : formatProblem((record as { v?: unknown }).v);
    if (problem === null) return;
    hasWarned = true;
    warn(`the log has another format (${problem}): it is shown as far as this release understands it`);
  };
}
