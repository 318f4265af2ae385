import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Linux follows as many. */
const MAX_LINKS = 40;

/**
 * Returns the file that a path leads to through symbolic links, whether that file exists or not. A path whose links cannot be
 * followed is returned as it is: its first use fails with the reason.
 */
export function linkTarget(path: string): string {
  try {
    let target = path;
    for (let links = 0; links <= MAX_LINKS; links++) {
      const folder = realpathSync(dirname(target));
      const next = linkOf(target);
      if (next === null) return join(folder, basename(target));
      target = resolve(folder, next);
    }
  } catch {}
  return path;
}

/** Text of a symbolic link; null where the path is not one. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
