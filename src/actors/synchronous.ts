import type * as minizlib from 'minizlib';

/** minizlib runs Node's own zlib synchronously: what is written comes out as data before `write` returns. */
export class Synchronous {
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
