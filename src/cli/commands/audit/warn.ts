import type { AuditLogReader, AuditRecord, SkippedLine } from '../../../audit/index.js';
import { strangerTo } from '../../../audit/version.js';
import { warn } from '../../terminal/warn.js';

type PassedOver = Pick<AuditLogReader, 'skipped' | 'skippedCount' | 'torn'>;

/**
 * Says which lines a reader has passed over: once a file and reason, for all lines of a log may be of another format. It
 * names the place of the first of them.
 */
export function warnOfPassedOver({ skipped, skippedCount, torn }: PassedOver): void {
  for (const [{ reason }, places] of grouped(skipped)) warn(`${places} left out: ${reason}`);
  if (skippedCount > skipped.length) warn(`and ${skippedCount - skipped.length} more lines left out`);
  warnOfTorn(torn);
}

/** Says which lines were torn. */
export function warnOfTorn(torn: readonly SkippedLine[]): void {
  for (const [, places] of grouped(torn)) warn(`${places} torn, as by a kill, or still being written: left out`);
}

/** Lines of one file and reason: the first of them, and in words where they are. */
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

/** Says once of a record that it is of another format, and what that means for whoever reads it. */
export function createStrangerWarning(): (record: AuditRecord) => void {
  let isTold = false;
  return (record) => {
    const stranger = isTold ? null : strangerTo((record as { v?: unknown }).v);
    if (stranger === null) return;
    isTold = true;
    warn(`the log is of ${stranger}: it is shown as far as it is understood`);
  };
}
