import { constants, deflateRawSync } from 'node:zlib';
import { WINDOW_BYTES } from './wasmMemory.js';
import type { InflateReader } from './sharedReader.js';
import type { InflateRegions, Region } from './regions.js';
import { joined } from './joined.js';
import { ZlibStream } from './zlibStream.js';

/** Bytes of a stream that are read again for each message before it takes a region: more than READY brings. */
const FEW_BYTES = 4 * 1024;

/** How many more, where the 32 KiB that a message may refer to are among them: ten messages, or the acks of an hour. */
const FEW_MORE_BYTES = 1024;

const NOTHING = Buffer.alloc(0);

/** What the streams of a process share. */
export interface SharedInflate {
  readonly regions: InflateRegions;
  readonly reader: InflateReader;
}

/**
 * zlib-stream whose context is a region of memory only while much comes, for that is 48 KiB.
 *
 * Otherwise it is the bytes that bring the process's reader to where this stream is: all there were, as long as those are
 * few, and on a stream that {@link rest}s its last 32 KiB of text, compressed again.
 */
export class ZlibContext extends ZlibStream {
  readonly #shared: SharedInflate;
  /** The context is one of these two. */
  #past: Buffer = NOTHING;
  #region: Region | null = null;
  #mostPast = FEW_BYTES;

  constructor(shared: SharedInflate) {
    super();
    this.#shared = shared;
  }

  protected inflate(message: Buffer): Buffer {
    const { regions } = this.#shared;
    const region = this.#region;
    if (region === null) return this.#readAfterPast(message);
    return regions.inflate(region, message) ?? this.#readLarge(region, message);
  }

  rest(): void {
    const region = this.#region;
    if (region === null) return;
    const window = this.#shared.regions.windowOf(region);
    this.#past = joined(deflateRawSync(window, { finishFlush: constants.Z_SYNC_FLUSH }));
    this.#mostPast = this.#past.length + FEW_MORE_BYTES;
    this.close();
  }

  close(): void {
    if (this.#region !== null) this.#shared.regions.release(this.#region);
    this.#region = null;
  }

  #readAfterPast(message: Buffer): Buffer {
    const { reader, regions } = this.#shared;
    const past = this.#past;
    const blocks = past.length === 0 ? withoutHeader(message) : message;
    const text = reader.read(past, blocks);
    if (past.length + blocks.length <= this.#mostPast && reader.textLength <= 2 * WINDOW_BYTES) {
      this.#past = joined(past, blocks);
    } else {
      this.#region = regions.take(reader.window);
      this.#past = NOTHING;
    }
    return text;
  }

  #readLarge(region: Region, message: Buffer): Buffer {
    const { reader, regions } = this.#shared;
    const text = reader.readAfter(regions.windowOf(region), message);
    regions.setWindow(region, reader.window);
    return text;
  }
}

/** What a stream begins with. RFC 1950, section 2.2. */
function withoutHeader(message: Buffer): Buffer {
  const header = message.readUInt16BE();
  const isDeflate = ((header >> 8) & 15) === 8;
  const hasDictionary = (header & 32) !== 0;
  if (!isDeflate || hasDictionary || header % 31 !== 0) throw new Error('incorrect header check');
  return message.subarray(2);
}
