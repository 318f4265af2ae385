// Not `* as zlib`, of which webpack imports each member by its name, also what this Node does not have.
import zlib from 'node:zlib';
import * as minizlib from 'minizlib';
import { InflateReader, MOST_TEXT_BYTES } from './sharedReader.js';
import { InflateRegions } from './regions.js';
import { ZlibContext, type SharedInflate } from './zlibContext.js';
import { ZlibStream, type Inflater } from './zlibStream.js';

export type { Inflater, SharedInflate };

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** How zlib-stream is inflated: by our own WebAssembly, or by minizlib where a process may not use that. */
export type ZlibImplementation = 'wasm' | 'minizlib';

/** Whether this Node has zstd: 22.15 and 24 do. */
export const hasZstd = 'createZstdDecompress' in zlib;

let shared: SharedInflate | Error | null = null;

/** What the streams of this process share, or why they cannot: `--jitless`, or a limit to the addresses of a process. */
export function sharedInflate(): SharedInflate | Error {
  if (shared !== null) return shared;
  try {
    return (shared = { regions: new InflateRegions(), reader: new InflateReader() });
  } catch (error) {
    return (shared = error as Error);
  }
}

export function createInflater(compression: Compression, implementation: ZlibImplementation = 'wasm'): Inflater {
  if (compression === 'zstd-stream') return new ZstdStream();
  if (compression === 'zlib-stream') {
    const own = implementation === 'wasm' ? sharedInflate() : null;
    return own === null || own instanceof Error ? new MinizlibStream() : new ZlibContext(own);
  }
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MOST_TEXT_BYTES }),
    rest: () => {},
    close: () => {},
  };
}

/** minizlib runs Node's own zlib synchronously: what is written comes out as data before `write` returns. */
class Synchronous {
  readonly #stream: minizlib.Inflate | minizlib.ZstdDecompress;
  #chunks: Buffer[] = [];
  #error: Error | null = null;

  constructor(stream: minizlib.Inflate | minizlib.ZstdDecompress) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    stream.on('error', (error: unknown) => (this.#error = error as Error));
  }

  /** @throws Error if the data is corrupt, from then on each time. */
  write(data: Buffer): Buffer {
    this.#stream.write(data);
    if (this.#error !== null) throw this.#error;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  close(): void {
    this.#stream.close();
  }
}

class MinizlibStream extends ZlibStream {
  readonly #stream = new Synchronous(new minizlib.Inflate({ flush: zlib.constants.Z_SYNC_FLUSH }));

  protected inflate(message: Buffer): Buffer {
    return this.#stream.write(message);
  }

  rest(): void {}

  close(): void {
    this.#stream.close();
  }
}

/** zstd-stream: one context a connection, each frame one message. */
class ZstdStream implements Inflater {
  readonly #stream = new Synchronous(new minizlib.ZstdDecompress({}));

  push(frame: Buffer): Buffer {
    return this.#stream.write(frame);
  }

  rest(): void {}

  close(): void {
    this.#stream.close();
  }
}
