import { crc32 } from 'node:zlib';

/** What the first record of a run is counted on from. */
export const NO_CHECK = '00000000';

/**
 * CRC-32 over all the lines of a run up to this one, as 8 hex digits: an edited, dropped or swapped line shows even where
 * the chart alone would have nothing against it. It guards against accidents; whoever can edit can also count anew.
 */
export function checkOf(line: string, previous: string): string {
  return crc32(line, Number.parseInt(previous, 16)).toString(16).padStart(8, '0');
}
