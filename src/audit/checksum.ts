import { crc32 } from 'node:zlib';

/** Checksum before the first record of a run. */
export const NO_CHECK = '00000000';

/**
 * CRC-32 over all lines of a run up to this one, as 8 hexadecimal digits. An edited, dropped or swapped line shows even where
 * the chart would accept it. The checksum guards against accidents, not against forgery: anyone can compute it.
 */
export function checkOf(line: string, previous: string): string {
  return crc32(line, Number.parseInt(previous, 16)).toString(16).padStart(8, '0');
}
