import { constants } from 'node:zlib';
import * as minizlib from 'minizlib';
import type * as ZlibSync from 'zlib-sync';
import { Synchronous } from './synchronous.js';
import { zlibSync } from './zlibSyncAddon.js';

/** Inflates blocks of deflate, any stream's, one after the other. */
export interface RawInflate {
  /** Takes blocks whose text is known already. */
  feed(blocks: Buffer): void;
  /** @throws Error if the data is corrupt: it is of no use any more. */
  inflate(blocks: Buffer): string;
  /**
   * As bytes; null where only their text is known, and not all of it: a character is cut in two, or they are no UTF-8.
   * @throws Error if the data is corrupt.
   */
  inflateBytes(blocks: Buffer): Buffer | null;
  /** Whether it keeps more memory than others, for a large text it once had. */
  readonly isLarge: boolean;
  close(): void;
}

/** zlib-sync has a buffer for what comes out: a chunk at first, which grows by as much, and never shrinks. */
abstract class ZlibSyncRaw {
  readonly #inflate: ZlibSync.Inflate;

  constructor(options: ZlibSync.InflateOptions) {
    const { Inflate } = zlibSync as typeof ZlibSync;
    this.#inflate = new Inflate({ ...options, windowBits: -15 });
  }

  feed(blocks: Buffer): void {
    this.#inflate.push(blocks, constants.Z_SYNC_FLUSH);
  }

  close(): void {}

  /** Null where nothing has come out. */
  protected resultOf(blocks: Buffer): Buffer | string | null {
    this.feed(blocks);
    // Each of these is a call into native code, and the result null where there is an error: only then it is asked for.
    const { result } = this.#inflate;
    if (result === null && this.#inflate.err !== constants.Z_BUF_ERROR) {
      throw new Error(this.#inflate.msg ?? 'zlib error');
    }
    return result;
  }
}

/** From this text on the buffer counts as large. */
const LARGE_TEXT = 32 * 1024;

/** The fastest to texts: zlib-sync makes them of its buffer, without a copy between. */
export class ZlibSyncInflate extends ZlibSyncRaw implements RawInflate {
  isLarge = false;

  constructor() {
    super({ chunkSize: 2 * 1024, to: 'string' });
  }

  inflate(blocks: Buffer): string {
    const text = this.resultOf(blocks) as string | null;
    if (text === null) return '';
    if (text.length >= LARGE_TEXT) this.isLarge = true;
    return text;
  }

  inflateBytes(blocks: Buffer): Buffer | null {
    const text = this.inflate(blocks);
    return text.includes('\uFFFD') ? null : Buffer.from(text);
  }
}

/** To bytes, which are known whatever they are; for large texts. */
export class ZlibSyncBytesInflate extends ZlibSyncRaw implements RawInflate {
  readonly isLarge = true;

  constructor() {
    super({ chunkSize: 64 * 1024 });
  }

  inflate(blocks: Buffer): string {
    return this.inflateBytes(blocks).toString();
  }

  inflateBytes(blocks: Buffer): Buffer {
    return (this.resultOf(blocks) as Buffer | null) ?? Buffer.alloc(0);
  }
}

export class MinizlibInflate implements RawInflate {
  readonly #stream = new Synchronous(new minizlib.InflateRaw({ flush: constants.Z_SYNC_FLUSH }));
  readonly isLarge = false;

  feed(blocks: Buffer): void {
    this.#stream.write(blocks);
  }

  inflate(blocks: Buffer): string {
    return this.#stream.write(blocks).toString();
  }

  inflateBytes(blocks: Buffer): Buffer {
    return this.#stream.write(blocks);
  }

  close(): void {
    this.#stream.close();
  }
}
