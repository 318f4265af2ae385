import { rename } from 'node:fs/promises';

/**
 * `audit.log` becomes `audit.log.1`, which becomes `audit.log.2`, and so on; the oldest beyond `keep` is replaced. With
 * `keep` 0 nothing moves. A missing file is skipped.
 */
export async function rotateFiles(path: string, keep: number): Promise<void> {
  for (let age = keep; age > 0; age -= 1) {
    await rename(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`).catch(unlessMissing);
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
