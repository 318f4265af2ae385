import { open } from 'node:fs/promises';
import type { AuditRecord, SkippedLine } from '../../audit/index.js';
import { strangerTo } from '../../audit/version.js';

/** Says of a log what is not in it: on stderr, out of the way of people's and programs' reading. */
export function warn(text: string): void {
  process.stderr.write(`shardchart: ${text}\n`);
}

/** Says which lines are no records: once a file and reason, for all lines of a log may be of another format. */
export function warnOfSkipped(skipped: readonly SkippedLine[]): void {
  const groups = new Map<string, SkippedLine[]>();
  for (const line of skipped) {
    const key = `${line.reason} ${line.file}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  for (const [{ file, line, reason } = { file: '', line: 0, reason: '' }, ...others] of groups.values()) {
    warn(`${file}, line ${line}${others.length === 0 ? '' : ` and ${others.length} more`} left out: ${reason}`);
  }
}

/** Says which files end within a line. */
export async function warnOfTorn(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (await isTorn(file)) warn(`the last line of ${file} is torn, as by a kill, or is being written: it is left out`);
  }
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

async function isTorn(path: string): Promise<boolean> {
  await using file = await open(path);
  const stats = await file.stat();
  if (!stats.isFile() || stats.size === 0) return false;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: stats.size - 1 });
  return buffer.toString() !== '\n';
}
