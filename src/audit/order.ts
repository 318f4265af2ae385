import { stat } from 'node:fs/promises';
import { readAuditLog } from './read.js';
import type { AuditRecord } from './record.js';

/**
 * Sorts the files of a log by the time of their first record: a shell names `bot.log` before `bot.log.1`, which is older. A
 * pipe can be read only once, so a list with a pipe in it stays as it is.
 */
export async function inOrder(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 1 || !(await areRegular(files))) return files;
  const begun = await Promise.all(
    files.map(async (file) => ({ file, at: (await firstOf(file))?.at ?? Number.MAX_VALUE })),
  );
  return begun.toSorted((a, b) => a.at - b.at).map(({ file }) => file);
}

/** True where all are files. A missing file is reported by the reader later. */
async function areRegular(files: readonly string[]): Promise<boolean> {
  const stats = await Promise.all(files.map((file) => stat(file).catch(() => null)));
  return stats.every((found) => found?.isFile() === true);
}

async function firstOf(file: string): Promise<AuditRecord | undefined> {
  for await (const record of readAuditLog(file)) return record;
  return undefined;
}
