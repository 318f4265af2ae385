import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Age below which a temporary file may belong to a process that this one cannot see, as in another container. */
const MIN_AGE_MS = 60_000;

/**
 * Removes the temporary files that killed processes left beside a file: `NAME.PID.tmp` and `NAME.PID.last.tmp`. Never rejects.
 */
export async function removeLitter(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  await Promise.all(
    names.map(async (name) => {
      if (!name.startsWith(prefix)) return;
      const pid = /^(\d{1,10})\.(?:last\.)?tmp$/.exec(name.slice(prefix.length))?.[1];
      if (pid === undefined || isAlive(Number(pid))) return;
      const file = join(dirname(path), name);
      const { mtimeMs } = await stat(file);
      if (Date.now() - mtimeMs > MIN_AGE_MS) await rm(file, { force: true });
    }),
  ).catch(() => {});
}

/** True for a process that runs, under any user. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
