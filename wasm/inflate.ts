// Inflates whole messages of zlib-stream: blocks of deflate that end between two bytes. RFC 1951.
//
// It runs as WebAssembly, so that whatever a stream brings, nothing is read or written but its own memory.
import * as codes from './codes';

/** Where the memory is free to use. */
export const heap = __heap_base;

/** The results that are no place. */
const INVALID: usize = 0;
const NO_ROOM: usize = 1;

/** How many bytes behind `limit` may be written. What lies behind `end` may be read, and comes to nothing. */
export const overrun: u32 = 320;

// Of the input between two steps: the next byte that is not in `bits` whole, and the bits that were not taken yet.
let source: usize = 0;
let bits: u64 = 0;
let count: u32 = 0;
let sourceEnd: usize = 0;

// Of the codes of this block.
let literals: usize = 0;
let literalMask: u32 = 0;
let distances: usize = 0;
let distanceMask: u32 = 0;

codes.makeFixed();

/**
 * Inflates what lies from `from` to `end`, as what follows the text from `start` to `out`, which it may refer to. The text
 * is written from `out` on, and its end returned: 0 where the data is invalid, 1 where it has no room before `limit`.
 */
export function inflate(from: usize, end: usize, start: usize, out: usize, limit: usize): usize {
  source = from;
  sourceEnd = end;
  bits = 0;
  count = 0;
  let at = out;
  while (true) {
    refill();
    const read = source - (count >> 3);
    if (read >= end) return read === end && (count & 7) === 0 ? at : INVALID;
    const isLast = take(1);
    const type = take(2);
    // The connection ends, not the stream of deflate.
    if (isLast !== 0) return INVALID;
    if (type === 0) at = copyStored(at, limit);
    else if (type === 1 ? useFixedCodes() : type === 2 && readCodes()) at = decode(start, at, limit);
    else return INVALID;
    if (at === INVALID || at === NO_ROOM) return at;
  }
}

/** So that there are 56 bits or more, as libdeflate does it: a byte that fits in part is read again. */
function refill(): void {
  bits |= load<u64>(source) << count;
  source += (63 - count) >> 3;
  count |= 56;
}

/** At most 56 bits between two refills. */
function take(length: u32): u32 {
  const taken = (<u32>bits) & ((1 << length) - 1);
  bits >>= length;
  count -= length;
  return taken;
}

/** RFC 1951, section 3.2.4. */
function copyStored(out: usize, limit: usize): usize {
  const from = source - (count >> 3);
  const length: usize = load<u16>(from);
  if ((length ^ load<u16>(from, 2)) !== 0xffff) return INVALID;
  if (out + length > limit) return NO_ROOM;
  memory.copy(out, from + 4, length);
  source = from + 4 + length;
  bits = 0;
  count = 0;
  return out + length;
}

function useFixedCodes(): bool {
  literals = codes.FIXED_LITERALS;
  literalMask = (1 << 9) - 1;
  distances = codes.FIXED_DISTANCES;
  distanceMask = (1 << 5) - 1;
  return true;
}

/** In which order the lengths of the codes of lengths come. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** RFC 1951, section 3.2.7. */
function readCodes(): bool {
  const literalCount: u32 = 257 + take(5);
  const distanceCount: u32 = 1 + take(5);
  const lengthCount: u32 = 4 + take(4);
  if (literalCount > 286 || distanceCount > 30) return false;

  for (let at: usize = 0; at < 32; at += 8) store<u64>(codes.lengthsOfLengths + at, 0);
  for (let n: u32 = 0; n < lengthCount; n++) {
    if ((n & 15) === 0) refill();
    store<u8>(codes.lengthsOfLengths + load<u8>(ORDER + n), take(3));
  }
  if (!codes.makeLengths() || !readLengths(literalCount + distanceCount)) return false;

  for (let at: usize = 0; at < 32; at += 8) {
    store<u64>(codes.lengthsOfDistances + at, load<u64>(codes.lengths + literalCount + at));
  }
  store<u64>(codes.lengths + literalCount, 0);
  if (!codes.makeDistances(distanceCount)) return false;
  distances = codes.DISTANCES;
  distanceMask = (1 << codes.tableBits) - 1;
  if (!codes.makeLiterals(literalCount)) return false;
  literals = codes.LITERALS;
  literalMask = (1 << codes.tableBits) - 1;
  return true;
}

/** The lengths of all codes, as one sequence. */
function readLengths(total: u32): bool {
  const lengths = codes.lengths;
  for (let at: usize = 0; at < 352; at += 8) store<u64>(lengths + at, 0);
  const mask: u32 = (1 << codes.tableBits) - 1;
  // Locals, which the machine keeps in registers.
  let from = source;
  let buffer = bits;
  let left = count;
  let n: u32 = 0;
  while (n < total) {
    buffer |= load<u64>(from) << left;
    from += (63 - left) >> 3;
    left |= 56;
    const entry = load<u32>(codes.LENGTHS + ((<usize>((<u32>buffer) & mask)) << 2));
    buffer >>= entry & 63;
    left -= entry & 63;
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(lengths + n++, symbol);
      continue;
    }
    const extraBits: u32 = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
    const times = (symbol === 18 ? 11 : 3) + ((<u32>buffer) & ((1 << extraBits) - 1));
    buffer >>= extraBits;
    left -= extraBits;
    if (symbol === 16) {
      if (n === 0) return false;
      // Six at most.
      const same = (u64.MAX_VALUE / 255) * <u64>load<u8>(lengths + n - 1);
      store<u64>(lengths + n, same & (((<u64>1) << (times << 3)) - 1));
    }
    n += times;
  }
  source = from;
  bits = buffer;
  count = left;
  return n === total;
}

/** The text of a block, with its codes. RFC 1951, section 3.2.3. */
function decode(start: usize, begin: usize, limit: usize): usize {
  // Locals here, too.
  const literalTable = literals;
  const literalBits = literalMask;
  const distanceTable = distances;
  const distanceBits = distanceMask;
  const lastSource = sourceEnd + 8;
  let from = source;
  let buffer = bits;
  let left = count;
  let out = begin;
  while (true) {
    if (out >= limit) return NO_ROOM;
    if (from > lastSource) return INVALID;
    buffer |= load<u64>(from) << left;
    from += (63 - left) >> 3;
    left |= 56;
    let entry = load<u32>(literalTable + ((<usize>((<u32>buffer) & literalBits)) << 2));
    if ((entry & codes.LITERAL) !== 0) {
      buffer >>= entry & 63;
      left -= entry & 63;
      store<u8>(out++, entry >> 16);
      entry = load<u32>(literalTable + ((<usize>((<u32>buffer) & literalBits)) << 2));
      if ((entry & codes.LITERAL) !== 0) {
        buffer >>= entry & 63;
        left -= entry & 63;
        store<u8>(out++, entry >> 16);
        entry = load<u32>(literalTable + ((<usize>((<u32>buffer) & literalBits)) << 2));
        if ((entry & codes.LITERAL) !== 0) {
          buffer >>= entry & 63;
          left -= entry & 63;
          store<u8>(out++, entry >> 16);
          continue;
        }
      }
      buffer |= load<u64>(from) << left;
      from += (63 - left) >> 3;
      left |= 56;
    }
    if ((entry & codes.SPECIAL) !== 0) {
      if ((entry & codes.BLOCK_END) === 0) {
        buffer >>= entry & 63;
        left -= entry & 63;
        const linked = (entry >> 16) + ((<u32>buffer) & ((1 << ((entry >> 8) & 15)) - 1));
        entry = load<u32>(literalTable + ((<usize>linked) << 2));
      }
      if ((entry & codes.LITERAL) !== 0) {
        buffer >>= entry & 63;
        left -= entry & 63;
        store<u8>(out++, entry >> 16);
        continue;
      }
      if ((entry & codes.BLOCK_END) !== 0) {
        if (entry >> 16 !== 0) return INVALID;
        bits = buffer >> (entry & 63);
        count = left - (entry & 63);
        source = from;
        return out;
      }
    }

    // 48 bits at most, with the distance.
    let all = entry & 63;
    const length = (entry >> 16) + <u32>((buffer & (((<u64>1) << all) - 1)) >> ((entry >> 8) & 15));
    buffer >>= all;
    left -= all;
    entry = load<u32>(distanceTable + ((<usize>((<u32>buffer) & distanceBits)) << 2));
    if ((entry & codes.SPECIAL) !== 0) {
      if ((entry & codes.BLOCK_END) !== 0) return INVALID;
      buffer >>= entry & 63;
      left -= entry & 63;
      const linked = (entry >> 16) + ((<u32>buffer) & ((1 << ((entry >> 8) & 15)) - 1));
      entry = load<u32>(distanceTable + ((<usize>linked) << 2));
    }
    all = entry & 63;
    const distance = (entry >> 16) + <u32>((buffer & (((<u64>1) << all) - 1)) >> ((entry >> 8) & 15));
    buffer >>= all;
    left -= all;
    if (<usize>distance > out - start) return INVALID;
    copyAgain(out, distance, length);
    out += length;
  }
}

/** Says again what was said so far ago. What it writes behind that is written over. */
function copyAgain(out: usize, distance: u32, length: u32): void {
  let from = out - distance;
  let to = out;
  const end = out + length;
  if (distance < 8) {
    while (to < end) store<u8>(to++, load<u8>(from++));
    return;
  }
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  for (to += 24, from += 24; to < end; to += 16, from += 16) {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
  }
}
