import { constants } from 'node:zlib';
import * as minizlib from 'minizlib';
import { ZlibStream, type Inflater } from './zlibStream.js';

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

/** zlib-stream where a process may not use our WebAssembly. */
export class MinizlibStream extends ZlibStream {
  readonly #stream = new Synchronous(new minizlib.Inflate({ flush: constants.Z_SYNC_FLUSH }));

  protected inflate(message: Buffer): Buffer {
    return this.#stream.write(message);
  }

  rest(): void {}

  close(): void {
    this.#stream.close();
  }
}

/** zstd-stream: one context a connection, each frame one message. */
export class ZstdStream implements Inflater {
  readonly #stream = new Synchronous(new minizlib.ZstdDecompress({}));

  push(frame: Buffer): Buffer {
    return this.#stream.write(frame);
  }

  rest(): void {}

  close(): void {
    this.#stream.close();
  }
}
