import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import * as minizlib from 'minizlib';
import type * as ZlibSync from 'zlib-sync';

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** Turns the binary frames of one connection into texts. */
export interface Inflater {
  /**
   * The text of the message this frame ends, or null where the message goes on in the next frame.
   * @throws Error if the data is corrupt: the stream cannot be trusted from here on.
   */
  push(frame: Buffer): string | null;
  close(): void;
}

/** How zlib data is inflated: natively by zlib-sync, or by minizlib where that could not be built. */
export type ZlibImplementation = 'zlib-sync' | 'minizlib';

const zlibSync = ((): typeof ZlibSync | null => {
  try {
    return createRequire(import.meta.url)('zlib-sync') as typeof ZlibSync;
  } catch {
    return null;
  }
})();

/** What zlib-stream will be inflated with on this machine. */
export const zlibImplementation: ZlibImplementation = zlibSync === null ? 'minizlib' : 'zlib-sync';

/** Whether this Node has zstd: 22.15 and 24 do. */
export const hasZstd = 'createZstdDecompress' in zlib;

/**
 * Output bytes allocated at a time. Each zlib-sync shard keeps one such buffer, which grows with what it inflates: more is no
 * faster, for small messages or for large.
 */
const CHUNK_BYTES = 2 * 1024;

/** What one payload may inflate to. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** What one message may gather over frames before the peer is taken for broken. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export function createInflater(compression: Compression, implementation = zlibImplementation): Inflater {
  if (compression === 'zstd-stream') return new ZstdStream();
  if (compression === 'zlib-stream') {
    return zlibSync !== null && implementation === 'zlib-sync' ? new ZlibSyncStream(zlibSync) : new MinizlibStream();
  }
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MAX_MESSAGE_BYTES }).toString(),
    close: () => {},
  };
}

/** A message of zlib-stream ends with 00 00 ff ff. */
function endsMessage(frame: Buffer): boolean {
  const end = frame.length;
  return (
    end >= 4 && frame[end - 1] === 0xff && frame[end - 2] === 0xff && frame[end - 3] === 0x00 && frame[end - 4] === 0x00
  );
}

abstract class ZlibStream implements Inflater {
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  push(frame: Buffer): string | null {
    if (this.#pendingBytes === 0) return endsMessage(frame) ? this.inflate(frame) : this.#hold(frame);
    this.#hold(frame);
    // The suffix itself may be cut in two.
    const last = frame.length >= 4 ? frame : Buffer.concat(this.#pending.slice(-4));
    if (!endsMessage(last)) return null;
    const message = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return this.inflate(message);
  }

  /** Only whole messages are inflated: zlib-sync writes past its buffer when a partial one outgrows it. */
  protected abstract inflate(message: Buffer): string;
  abstract close(): void;

  #hold(frame: Buffer): null {
    if (frame.length === 0) return null;
    this.#pending.push(frame);
    this.#pendingBytes += frame.length;
    if (this.#pendingBytes > MAX_PENDING_BYTES) throw new Error('a message that does not end');
    return null;
  }
}

class ZlibSyncStream extends ZlibStream {
  readonly #inflate: ZlibSync.Inflate;

  constructor({ Inflate }: typeof ZlibSync) {
    super();
    this.#inflate = new Inflate({ chunkSize: CHUNK_BYTES, to: 'string' });
  }

  protected inflate(message: Buffer): string {
    this.#inflate.push(message, zlib.constants.Z_SYNC_FLUSH);
    // Each of these is a call into native code, and the result null where there is an error: only then it is asked for.
    const { result } = this.#inflate;
    if (result !== null) return result as string;
    if (this.#inflate.err === zlib.constants.Z_BUF_ERROR) return '';
    throw new Error(this.#inflate.msg ?? 'zlib error');
  }

  close(): void {}
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
