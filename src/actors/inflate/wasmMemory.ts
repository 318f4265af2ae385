import { INFLATE_MODULE } from './wasmModule.js';

/** What wasm/inflate.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  readonly heap: { readonly value: number };
  readonly overrun: { readonly value: number };
  inflate(from: number, end: number, start: number, out: number, limit: number): number;
}

/** As far as it is used here: its types are among those of browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

const PAGE_BYTES = 64 * 1024;

const INVALID = 0;
/** What {@link InflateMemory.inflate} returns where a text has no room. */
export const NO_ROOM = 1;

/** How far a message may refer back into those before it. RFC 1951, section 2. */
export const WINDOW_BYTES = 32 * 1024;

let compiled: object | null = null;

/** A memory of WebAssembly and the function that inflates in it. Each reserves 10 GiB of addresses, so there are few. */
export class InflateMemory {
  readonly #exports: Exports;
  /** Another Buffer once more is reserved: what was taken of it before is empty then. */
  bytes: Buffer;
  /** Where it is free to use. */
  readonly heap: number;
  /** How many bytes behind a limit may be written. */
  readonly overrun: number;

  /** @throws where WebAssembly is turned off, or a process may not reserve so much. */
  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(INFLATE_MODULE, 'base64'));
    this.#exports = new WebAssembly.Instance(compiled).exports as Exports;
    this.bytes = Buffer.from(this.#exports.memory.buffer);
    this.heap = this.#exports.heap.value;
    this.overrun = this.#exports.overrun.value;
  }

  /** @throws RangeError where there is no more memory. */
  reserve(bytes: number): void {
    const more = bytes - this.bytes.length;
    if (more <= 0) return;
    this.#exports.memory.grow(Math.ceil(more / PAGE_BYTES));
    this.bytes = Buffer.from(this.#exports.memory.buffer);
  }

  /**
   * Inflates the blocks from `from` to `end`, as what follows the text from `start` to `out`. The end of their text, which
   * is written there, or {@link NO_ROOM} where that is beyond `limit`.
   * @throws Error if the data is invalid.
   */
  inflate(from: number, end: number, start: number, out: number, limit: number): number {
    const result = this.#exports.inflate(from, end, start, out, limit);
    if (result === INVALID) throw new Error('invalid deflate data');
    return result;
  }
}
