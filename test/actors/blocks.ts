import { constants, deflateRawSync } from 'node:zlib';
import { WINDOW_BYTES } from '../../src/actors/inflateMemory.js';

/** These bytes, compressed, as blocks that others may follow. */
export function deflated(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
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
  const block = new Bits();
  block.number(0, 1); // not the last block
  block.number(1, 2); // fixed codes: RFC 1951, section 3.2.6
  for (let bytes = 0; bytes < length; bytes += 256) {
    block.code(0b11000100, 8); // length code 284: 227 and more
    block.number(256 - 227, 5);
    block.code(29, 5); // distance code 29: 24577 and more
    block.number(WINDOW_BYTES - 24_577, 13);
  }
  block.code(0, 7); // end of block
  // An empty stored block, as at the end of a message: nothing is held back, and the next block begins with a byte.
  block.number(0, 3);
  return Buffer.concat([block.toBuffer(), Buffer.from([0x00, 0x00, 0xff, 0xff])]);
}

/** Bits as deflate packs them: numbers from their lowest bit on, codes from their highest. RFC 1951, section 3.1.1. */
class Bits {
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
