import { constants } from 'node:zlib';
import type * as ZlibSync from 'zlib-sync';
import { ZlibStream } from './zlibStream.js';
import { zlibSync } from './zlibSyncAddon.js';

/**
 * Output bytes allocated at a time. Each connection keeps one such buffer, which grows with what it inflates: more is
 * no faster, for small messages or for large.
 */
const CHUNK_BYTES = 2 * 1024;

/** How far a message may refer back into those before it. RFC 1951, section 2. */
const WINDOW_BYTES = 32 * 1024;

/** After so many small messages the large ones, the guilds a session begins with, are taken to be over. */
const SMALL_MESSAGES = 32;

/**
 * zlib-stream with zlib-sync, which keeps a buffer of the size of the largest message it has ever inflated: after a
 * guild of a megabyte, a megabyte a shard. It cannot be made smaller. So once large messages are over another inflater
 * goes on in its place, told the last 32 KiB of text: all that what follows can refer to.
 */
export class ZlibSyncStream extends ZlibStream {
  #inflate = newInflate(15);
  /** The last large text and those after it, as long as there are few; null while the buffer is small. */
  #recent: string[] | null = null;

  close(): void {}

  protected inflate(message: Buffer): string {
    this.#inflate.push(message, constants.Z_SYNC_FLUSH);
    // Each of these is a call into native code, and the result null where there is an error: only then it is asked for.
    const { result } = this.#inflate;
    if (result === null) {
      if (this.#inflate.err === constants.Z_BUF_ERROR) return '';
      throw new Error(this.#inflate.msg ?? 'zlib error');
    }
    const text = result as string;
    if (text.length > WINDOW_BYTES || this.#recent !== null) this.#remember(text);
    return text;
  }

  #remember(text: string): void {
    if (this.#recent === null || text.length > WINDOW_BYTES) this.#recent = [text];
    else this.#recent.push(text);
    if (this.#recent.length <= SMALL_MESSAGES) return;
    const window = lastBytes(this.#recent);
    if (window !== null) this.#inflate = inflateAfter(window);
    this.#recent = null;
  }
}

function newInflate(windowBits: number): ZlibSync.Inflate {
  const { Inflate } = zlibSync as typeof ZlibSync;
  return new Inflate({ chunkSize: CHUNK_BYTES, to: 'string', windowBits });
}

/**
 * The last 32 KiB of these texts, a character cut in two before them; null where bytes were no UTF-8, for then they are
 * not known.
 */
function lastBytes(texts: readonly string[]): Buffer | null {
  const end = texts.join('').slice(-WINDOW_BYTES - 2);
  return end.includes('\uFFFD') ? null : Buffer.from(end).subarray(-WINDOW_BYTES);
}

/** One that goes on where another was, between two messages, after this text. Raw: the stream's header is long past. */
function inflateAfter(text: Buffer): ZlibSync.Inflate {
  const inflate = newInflate(-15);
  for (let at = 0; at < text.length; at += CHUNK_BYTES) {
    inflate.push(stored(text.subarray(at, at + CHUNK_BYTES)), constants.Z_SYNC_FLUSH);
  }
  return inflate;
}

/** A block of deflate that has the bytes as they are. RFC 1951, section 3.2.4. */
function stored(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt16LE(bytes.length, 1);
  header.writeUInt16LE(~bytes.length & 0xffff, 3);
  return Buffer.concat([header, bytes]);
}
