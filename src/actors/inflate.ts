import * as zlib from 'node:zlib';
import * as minizlib from 'minizlib';
import { Inflaters } from './inflaters.js';
import { MinizlibInflate, ZlibSyncBytesInflate, ZlibSyncInflate } from './rawInflate.js';
import { Synchronous } from './synchronous.js';
import { ZlibContext } from './zlibContext.js';
import type { Inflater } from './zlibStream.js';
import { zlibSync } from './zlibSyncAddon.js';

export type { Inflater };

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** How zlib data is inflated: natively by zlib-sync, or by minizlib where that cannot be used. */
export type ZlibImplementation = 'zlib-sync' | 'minizlib';

/** Whether this Node has zstd: 22.15 and 24 do. */
export const hasZstd = 'createZstdDecompress' in zlib;

/** What one payload may inflate to. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

const inflaters = {
  'zlib-sync': new Inflaters(
    () => new ZlibSyncInflate(),
    () => new ZlibSyncBytesInflate(),
  ),
  minizlib: new Inflaters(() => new MinizlibInflate()),
};

export function createInflater(compression: Compression, implementation: ZlibImplementation = 'zlib-sync'): Inflater {
  if (compression === 'zstd-stream') return new ZstdStream();
  if (compression === 'zlib-stream') {
    return new ZlibContext(zlibSync === null ? inflaters.minizlib : inflaters[implementation]);
  }
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MAX_MESSAGE_BYTES }).toString(),
    rest: () => {},
    close: () => {},
  };
}

/** zstd-stream: one context a connection, each frame one message. */
class ZstdStream implements Inflater {
  readonly #stream = new Synchronous(new minizlib.ZstdDecompress({}));

  push(frame: Buffer): string {
    return this.#stream.write(frame).toString();
  }

  rest(): void {}

  close(): void {
    this.#stream.close();
  }
}
