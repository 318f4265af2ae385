import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
import { WINDOW_BYTES } from '../../../src/actors/inflate/wasmMemory.js';

/** These bytes, compressed, as blocks that others may follow. */
export function deflated(bytes: Buffer, options?: ZlibOptions): Buffer {
  return deflateRawSync(bytes, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
}

/** These bytes as they are, in a block that others may follow. RFC 1951, section 3.2.4. */
export function stored(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt16LE(bytes.length, 1);
  header.writeUInt16LE(~bytes.length & 0xffff, 3);
  return Buffer.concat([header, bytes]);
}

/** A block that says so many bytes again, a multiple of 256, from 32 KiB ago on: as far back as one can. */
export function saidAgain(length: number): Buffer {
  return fixedBlock((block) => {
    for (let bytes = 0; bytes < length; bytes += 256) {
      block.code(0b11000100, 8); // length code 284: 227 and more
      block.number(256 - 227, 5);
      block.code(29, 5); // distance code 29: 24577 and more
      block.number(WINDOW_BYTES - 24_577, 13);
    }
    block.code(0, 7); // end of block
  });
}

/** An empty stored block, as at the end of a message: nothing is held back, and the next block begins with a byte. */
function flushed(block: Bits): Buffer {
  block.number(0, 3);
  return Buffer.concat([block.toBuffer(), Buffer.from([0x00, 0x00, 0xff, 0xff])]);
}

/** A block with fixed codes, whatever is written of it, and an empty one as at the end of a message. RFC 1951, section 3.2.6. */
export function fixedBlock(write: (block: Bits) => void): Buffer {
  const block = new Bits();
  block.number(0, 1); // not the last block
  block.number(1, 2);
  write(block);
  return flushed(block);
}

/** Codes of lengths from which any can be said: thirteen of four bits and six of five. */
const LENGTHS_OF_LENGTHS = Array.from({ length: 19 }, (_, symbol) => (symbol < 13 ? 4 : 5));
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

interface DynamicBlock {
  /** Of the codes of literals and lengths, and of distances; a 16 says the one before it three times more. */
  readonly literals: readonly number[];
  readonly distances: readonly number[];
  readonly lengthsOfLengths?: readonly number[];
  /** What is said with them; the end of the block, where it is left out. */
  readonly write?: (block: Bits, literal: (symbol: number) => void, distance: (symbol: number) => void) => void;
}

/** The same with codes of these lengths, as wrong as they may be. RFC 1951, section 3.2.7. */
export function dynamicBlock({
  literals,
  distances,
  lengthsOfLengths = LENGTHS_OF_LENGTHS,
  write = (_, literal) => literal(256),
}: DynamicBlock): Buffer {
  const block = new Bits();
  block.number(0, 1);
  block.number(2, 2);
  block.number(said(literals).length - 257, 5);
  block.number(said(distances).length - 1, 5);
  block.number(19 - 4, 4);
  for (const symbol of ORDER) block.number(lengthsOfLengths[symbol]!, 3);
  const ofLengths = codesOf(lengthsOfLengths);
  for (const length of [...literals, ...distances]) {
    block.code(ofLengths[length]!, lengthsOfLengths[length]!);
    if (length === 16) block.number(0, 2);
  }
  const [ofLiterals, ofDistances] = [codesOf(said(literals)), codesOf(said(distances))];
  write(
    block,
    (symbol) => block.code(ofLiterals[symbol]!, said(literals)[symbol]!),
    (symbol) => block.code(ofDistances[symbol]!, said(distances)[symbol]!),
  );
  return flushed(block);
}

/** A 16 where there is none before it says zeros here. */
const said = (lengths: readonly number[]) =>
  lengths.flatMap((length, at) => (length === 16 ? Array<number>(3).fill(lengths[at - 1] ?? 0) : [length]));

/** RFC 1951, section 3.2.2. */
function codesOf(lengths: readonly number[]): number[] {
  let code = 0;
  const codes: number[] = [];
  for (let length = 1; length <= 15; length += 1) {
    for (const [symbol, own] of lengths.entries()) if (own === length) codes[symbol] = code++;
    code <<= 1;
  }
  return codes;
}

/** Bits as deflate packs them: numbers from their lowest bit on, codes from their highest. RFC 1951, section 3.1.1. */
export class Bits {
  readonly #bits: number[] = [];

  number(value: number, length: number): void {
    for (let at = 0; at < length; at += 1) this.#bits.push((value >> at) & 1);
  }

  code(value: number, length: number): void {
    for (let at = length - 1; at >= 0; at -= 1) this.#bits.push((value >> at) & 1);
  }

  toBuffer(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    for (const [at, bit] of this.#bits.entries()) bytes[at >> 3]! |= bit << (at & 7);
    return bytes;
  }
}
