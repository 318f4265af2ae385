import { saidAgain, stored, WINDOW_BYTES } from './deflateBlocks.js';
import type { RawInflate } from './rawInflate.js';

/** What an inflater is asked for at a time, so that its buffer need not grow. */
const PART_BYTES = 2 * 1024;
const PARTS = WINDOW_BYTES / PART_BYTES;

const NOTHING = Buffer.alloc(0);

const PART_AGAIN = saidAgain(PART_BYTES);
const WINDOW_AGAIN = saidAgain(WINDOW_BYTES);

/**
 * The last 32 KiB of an inflater, all that what follows can refer to. It goes on as before.
 *
 * Null where they are not known, or the data is corrupt, as the next message will find.
 */
export function windowOf(inflater: RawInflate): Buffer | null {
  try {
    const inParts = inflater.isLarge ? null : windowInParts(inflater);
    return inParts ?? saidBy(inflater, WINDOW_AGAIN, WINDOW_BYTES);
  } catch {
    return null;
  }
}

/** Null where a part ends within a character; the parts are all said, so that the window is as before. */
function windowInParts(inflater: RawInflate): Buffer | null {
  const parts: Buffer[] = [];
  for (let count = 0; count < PARTS; count += 1) parts.push(saidBy(inflater, PART_AGAIN, PART_BYTES) ?? NOTHING);
  const window = Buffer.concat(parts);
  return window.length === WINDOW_BYTES ? window : null;
}

/** Null where it stands within a block, too, and takes ours for the rest of it. */
function saidBy(inflater: RawInflate, again: Buffer, length: number): Buffer | null {
  const bytes = inflater.inflateBytes(again);
  return bytes?.length === length ? bytes : null;
}

/** Blocks of a window that is yet to be written into them. */
const partBlocks = Array.from({ length: PARTS }, () => stored(Buffer.alloc(PART_BYTES)));

/** From here on an inflater goes on as the one whose window this is. */
export function setWindow(inflater: RawInflate, window: Buffer): void {
  for (const [index, part] of partBlocks.entries()) {
    window.copy(part, part.length - PART_BYTES, index * PART_BYTES);
    inflater.feed(part);
  }
}
