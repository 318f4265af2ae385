import * as fs from 'node:fs';
import { MAX_LINE_LENGTH } from './encode.js';

const FIRST_READ_BYTES = 64 * 1_024;

/** End of each whole line. */
const CHECKS = /"check":"([0-9a-f]{8})"\}[^\S\n]*(?:\n|$)/g;

/** End of a log's file. */
export interface Tail {
  /** Checksum of the last whole line; null where the file has none. */
  readonly check: string | null;
  /** True where text follows the last line feed: the process that wrote it was killed. */
  readonly isTorn: boolean;
}

/** Reads a file backwards from its end, no further than the longest line. */
export function tailOf(fd: number, size: number): Tail {
  for (let bytes = FIRST_READ_BYTES; ; bytes *= 2) {
    const tail = read(fd, size, Math.min(bytes, size));
    const check = [...tail.matchAll(CHECKS)].at(-1)?.[1] ?? null;
    if (check === null && bytes < Math.min(size, 2 * MAX_LINE_LENGTH)) continue;
    return { check, isTorn: tail !== '' && !tail.endsWith('\n') };
  }
}

/** Checksum of the last whole line of the file at this path; null where there is no such file. */
export function lastCheckOf(path: string): string | null {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    return tailOf(fd, fs.fstatSync(fd).size).check;
  } catch {
    return null;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

function read(fd: number, size: number, bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const bytesRead = fs.readSync(fd, buffer, 0, bytes, size - bytes);
  return buffer.toString('latin1', 0, bytesRead);
}
