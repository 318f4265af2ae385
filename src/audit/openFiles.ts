import { ShardError } from '../util/errors.js';

/** Real paths of the audit logs that this process has open: two logs in one file would mix their runs. */
const realPaths = new Set<string>();

/** @throws ShardError `INVALID_OPTION` where another open log of this process writes the file. */
export function reserveFile(realPath: string, path: string): void {
  if (realPaths.has(realPath)) {
    throw new ShardError(
      'INVALID_OPTION',
      `\`file\` must be one that no other open audit log of this process writes; got ${realPath}. Attach to that log, or close it first.`,
      { value: path },
    );
  }
  realPaths.add(realPath);
}

export function releaseFile(realPath: string): void {
  realPaths.delete(realPath);
}
