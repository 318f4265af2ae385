import * as zlib from 'node:zlib';
import * as minizlib from 'minizlib';
import { ZlibStream, type Inflater } from './zlibStream.js';
import { ZlibSyncStream } from './zlibSync.js';
import { zlibSync } from './zlibSyncAddon.js';

export type { Inflater };

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** How zlib data is inflated: natively by zlib-sync, or by minizlib where that cannot be used. */
export type ZlibImplementation = 'zlib-sync' | 'minizlib';

/** Whether this Node has zstd: 22.15 and 24 do. */
export const hasZstd = 'createZstdDecompress' in zlib;

/** What one payload may inflate to. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

export function createInflater(compression: Compression, implementation: ZlibImplementation = 'zlib-sync'): Inflater {
  if (compression === 'zstd-stream') return new ZstdStream();
  if (compression === 'zlib-stream') {
    return zlibSync !== null && implementation === 'zlib-sync' ? new ZlibSyncStream() : new MinizlibStream();
  }
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MAX_MESSAGE_BYTES }).toString(),
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

  write(message: Buffer): string {
    this.#stream.write(message);
    if (this.#error !== null) throw this.#error;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? (chunks[0] as Buffer).toString() : Buffer.concat(chunks).toString();
  }

  close(): void {
    this.#stream.close();
  }
}

class MinizlibStream extends ZlibStream {
  readonly #stream = new Synchronous(new minizlib.Inflate({ flush: zlib.constants.Z_SYNC_FLUSH }));

  protected inflate(message: Buffer): string {
    return this.#stream.write(message);
  }

  close(): void {
    this.#stream.close();
  }
}

/** zstd-stream: one context a connection, each frame one message. */
class ZstdStream implements Inflater {
  readonly #stream = new Synchronous(new minizlib.ZstdDecompress({}));

  push(frame: Buffer): string {
    return this.#stream.write(frame);
  }

  close(): void {
    this.#stream.close();
  }
}
