// Prefix codes, and the tables they are read with. RFC 1951, section 3.2.2. How tables are made and what their entries are
// is after libdeflate (lib/deflate_decompress.c), Copyright 2016 Eric Biggers, under the MIT license.
//
// A table has an entry for each value of the next so many bits, whatever follows the code in them. Codes that are longer
// end in a table of their own, further on in the same memory.
//
//   bits  0-7   how many bits to take: the code, and the extra bits of a length or a distance
//   bits  8-11  how many of them are the code; of a link, how many bits the other table is read with
//   bit  13     the end of the block, or with anything in bits 16-30 no code at all
//   bit  15     one of these, or without bit 13 a link: bits 16-30 are where the other table begins
//   bits 16-30  what is added to the extra bits
//   bit  31     a literal, which is in bits 16-23

export const LITERAL: u32 = 1 << 31;
export const SPECIAL: u32 = 1 << 15;
export const BLOCK_END: u32 = 1 << 13;
const NO_CODE: u32 = SPECIAL | BLOCK_END | (1 << 16);

/** With how many bits tables are read: 8 to 10 and 6 to 8 were as fast. */
const LITERAL_BITS: u32 = 9;
const DISTANCE_BITS: u32 = 7;
const LENGTH_BITS: u32 = 7;

/**
 * The most entries a code can need: of 286 symbols by zlib's `enough`; of 30 at most 128 and 256 more for each nine, for so
 * many it takes to fill a table of 8 more bits.
 */
export const LITERALS = memory.data(852 * 4, 16);
export const DISTANCES = memory.data(1024 * 4, 16);
export const LENGTHS = memory.data(128 * 4, 16);
export const FIXED_LITERALS = memory.data(512 * 4, 16);
export const FIXED_DISTANCES = memory.data(32 * 4, 16);

/** The entry of each symbol, without its code. */
const literalEntries = memory.data(288 * 4, 16);
const distanceEntries = memory.data(32 * 4, 16);
const lengthEntries = memory.data(19 * 4, 16);

/** How long the codes of the symbols are, a byte each, and room for eight zeros. */
export const lengthsOfLengths = memory.data(32, 16);
export const lengths = memory.data(352, 16);
export const lengthsOfDistances = memory.data(48, 16);

const counts = memory.data(16 * 4, 16);
const offsets = memory.data(16 * 4, 16);
const listed = memory.data(288 * 4, 16);
const sorted = memory.data(288 * 4, 16);

/** Bits with which the table of the code made last is read. */
export let tableBits: u32 = 0;

/** Each makes a table; false where the lengths are no code. */
export function makeLengths(): bool {
  return (
    make(LENGTHS, lengthsOfLengths, 19, lengthEntries, LENGTH_BITS) && get(LENGTHS, (1 << tableBits) - 1) !== NO_CODE
  );
}

export function makeLiterals(symbols: u32): bool {
  return make(LITERALS, lengths, symbols, literalEntries, LITERAL_BITS);
}

export function makeDistances(symbols: u32): bool {
  return make(DISTANCES, lengthsOfDistances, symbols, distanceEntries, DISTANCE_BITS);
}

/** Makes the tables that are the same for all streams. RFC 1951, sections 3.2.5 and 3.2.6. */
export function makeFixed(): void {
  for (let literal: u32 = 0; literal < 256; literal++) set(literalEntries, literal, LITERAL | (literal << 16));
  set(literalEntries, 256, SPECIAL | BLOCK_END);
  let base: u32 = 3;
  for (let n: u32 = 0; n < 28; n++) {
    const extraBits: u32 = n < 8 ? 0 : (n >> 2) - 1;
    set(literalEntries, 257 + n, (base << 16) | extraBits);
    base += 1 << extraBits;
  }
  set(literalEntries, 285, 258 << 16);
  base = 1;
  for (let n: u32 = 0; n < 30; n++) {
    const extraBits: u32 = n < 4 ? 0 : (n >> 1) - 1;
    set(distanceEntries, n, (base << 16) | extraBits);
    base += 1 << extraBits;
  }
  for (let n: u32 = 286; n < 288; n++) set(literalEntries, n, NO_CODE);
  for (let n: u32 = 30; n < 32; n++) set(distanceEntries, n, NO_CODE);
  for (let n: u32 = 0; n < 19; n++) set(lengthEntries, n, n << 16);

  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  make(FIXED_LITERALS, lengths, 288, literalEntries, 9);
  memory.fill(lengthsOfDistances, 5, 32);
  make(FIXED_DISTANCES, lengthsOfDistances, 32, distanceEntries, 5);
}

function get(table: usize, at: u32): u32 {
  return load<u32>(table + ((<usize>at) << 2));
}

function set(table: usize, at: u32, entry: u32): void {
  store<u32>(table + ((<usize>at) << 2), entry);
}

/** The entry of a symbol whose code, or the rest of it, is so long. */
function withLength(entry: u32, length: u32): u32 {
  return entry + (length << 8) + length;
}

/** The next code of this length: codes are read from their highest bit on, so it is the reverse that grows by one. */
function nextCode(code: u32, length: u32): u32 {
  const bit: u32 = 1 << (31 - clz(code ^ ((1 << length) - 1)));
  return (code & (bit - 1)) | bit;
}

/** Says so many entries of a table again after them. */
function double(table: usize, entries: u32): void {
  const bytes = (<usize>entries) << 2;
  const end = table + bytes;
  if (bytes < 16) {
    for (let at = table; at < end; at += 4) store<u32>(at + bytes, load<u32>(at));
    return;
  }
  for (let at = table; at < end; at += 16) {
    store<u64>(at + bytes, load<u64>(at));
    store<u64>(at + bytes, load<u64>(at, 8), 8);
  }
}

/** As libdeflate does it: the table is doubled as codes get longer, so that most entries are copied, not computed. */
function make(table: usize, lengths: usize, symbols: u32, entries: usize, mostBits: u32): bool {
  for (let at: usize = 0; at < 64; at += 8) store<u64>(counts + at, 0);
  let seen: u32 = 0;
  let list = listed;
  // Most symbols have no code: eight are passed over at a time.
  for (let symbol: u32 = 0; symbol < symbols; symbol += 8) {
    let eight = load<u64>(lengths + symbol);
    while (eight !== 0) {
      const shift = (<u32>ctz(eight)) & 56;
      const length = (<u32>(eight >> shift)) & 15;
      eight &= ~((<u64>0xff) << shift);
      store<u32>(list, ((symbol + (shift >> 3)) << 4) | length);
      list += 4;
      set(counts, length, get(counts, length) + 1);
      seen |= 1 << length;
    }
  }
  // Where a block refers to nothing.
  if (seen === 0) return makeSingle(table, NO_CODE);

  const longest: u32 = 31 - clz(seen);
  const bits = min(mostBits, longest);
  let offset: u32 = 0;
  let used: u32 = 0;
  for (let length: u32 = 1; length <= longest; length++) {
    const count = get(counts, length);
    set(offsets, length, offset);
    offset += count;
    used = (used << 1) + count;
  }
  for (let at = listed; at < list; at += 4) {
    const item = load<u32>(at);
    const place = get(offsets, item & 15);
    set(sorted, place, get(entries, item >> 4));
    set(offsets, item & 15, place + 1);
  }
  const all: u32 = 1 << longest;
  // Only a code of one symbol may leave the other one out.
  if (used !== all) return used === 1 && longest === 1 && makeSingle(table, get(sorted, 0));

  tableBits = bits;
  let next = sorted;
  let code: u32 = 0;
  let length: u32 = 1;
  let left = get(counts, 1);
  while (left === 0) left = get(counts, ++length);
  let filled: u32 = 1 << length;
  while (length <= bits) {
    while (left-- > 0) {
      set(table, code, withLength(load<u32>(next), length));
      next += 4;
      if (code === filled - 1) {
        for (; filled < 1 << bits; filled <<= 1) double(table, filled);
        return true;
      }
      code = nextCode(code, length);
    }
    for (left = 0; left === 0; left = get(counts, length)) {
      if (++length <= bits) {
        double(table, filled);
        filled <<= 1;
      }
    }
  }
  return makeLonger(table, bits, code, length, left, next);
}

/** A code of one bit at most. */
function makeSingle(table: usize, entry: u32): bool {
  tableBits = 1;
  set(table, 0, withLength(entry, 1));
  set(table, 1, NO_CODE);
  return true;
}

/** The codes that are longer than the table has bits, from this one on. */
function makeLonger(table: usize, bits: u32, first: u32, firstLength: u32, firstLeft: u32, firstEntry: usize): bool {
  let code = first;
  let length = firstLength;
  let left = firstLeft;
  let next = firstEntry;
  let end: u32 = 1 << bits;
  const mask = end - 1;
  let link: u32 = -1;
  let start: u32 = 0;
  while (true) {
    if ((code & mask) !== link) {
      link = code & mask;
      start = end;
      let linkBits = length - bits;
      for (let space = left; space < 1 << linkBits;) {
        linkBits++;
        space = (space << 1) + get(counts, bits + linkBits);
      }
      end = start + (1 << linkBits);
      set(table, link, (start << 16) | SPECIAL | (linkBits << 8) | bits);
    }
    const entry = withLength(load<u32>(next), length - bits);
    next += 4;
    for (let at = start + (code >> bits); at < end; at += 1 << (length - bits)) set(table, at, entry);
    if (code === (1 << length) - 1) return true;
    code = nextCode(code, length);
    left--;
    while (left === 0) left = get(counts, ++length);
  }
}
