import { deflated, WINDOW_BYTES } from './deflateBlocks.js';
import type { Inflaters } from './inflaters.js';
import { windowOf } from './inflateWindow.js';
import type { RawInflate } from './rawInflate.js';
import { ZlibStream } from './zlibStream.js';

/** How many bytes of a stream are read anew for each message, rather than an inflater kept: what READY brings and more. */
const FEW_BYTES = 4 * 1024;

/** How many more, where the 32 KiB that a message may refer to are among them: ten messages, or the acks of an hour. */
const FEW_MORE_BYTES = 1024;

/** A message of this size is read with the inflater that keeps a buffer for large ones, one for the process. */
const LARGE_MESSAGE_BYTES = 4 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * zlib-stream whose context is an inflater of its own only while much comes, for that is 40 KiB and more.
 *
 * Otherwise it is the bytes that bring the process's reader to where this stream is: all there were, as long as those are
 * few, and on a stream that {@link rest}s its last 32 KiB of text, compressed anew.
 */
export class ZlibContext extends ZlibStream {
  readonly #inflaters: Inflaters;
  /** The context is one of these three. */
  #past: Buffer | null = NOTHING;
  #window: Buffer | null = null;
  #own: RawInflate | null = null;
  #mostPast = FEW_BYTES;
  /** What {@link Inflaters.uses} was at the last message it inflated with its own. */
  lastUse = 0;

  constructor(inflaters: Inflaters) {
    super();
    this.#inflaters = inflaters;
  }

  protected inflate(message: Buffer): string {
    const own = this.#own;
    const isLarge = message.length >= LARGE_MESSAGE_BYTES;
    if (own !== null && !(isLarge && this.#giveBack())) {
      this.lastUse = this.#inflaters.uses += 1;
      return own.inflate(message);
    }
    if (this.#past !== null) return this.#readAfterPast(this.#past, message);
    return isLarge ? this.#readAfterWindow(message) : this.#takeOwn(this.#window as Buffer).inflate(message);
  }

  /** Gives its inflater back, and tells whether it could. */
  rest(): boolean {
    if (this.#own !== null && !this.#giveBack()) return false;
    if (this.#window !== null) {
      this.#past = copied(deflated(this.#window));
      this.#mostPast = this.#past.length + FEW_MORE_BYTES;
      this.#window = null;
    }
    return true;
  }

  close(): void {
    if (this.#own !== null) this.#inflaters.disown(this, this.#own);
    this.#own = null;
  }

  #readAfterPast(past: Buffer, message: Buffer): string {
    const blocks = past.length === 0 ? withoutHeader(message) : message;
    const text = this.#inflaters.read(past, blocks);
    if (past.length + blocks.length <= this.#mostPast && text.length < WINDOW_BYTES) this.#past = copied(past, blocks);
    else {
      this.#window = this.#inflaters.windowRead();
      this.#past = null;
    }
    return text;
  }

  #readAfterWindow(message: Buffer): string {
    const text = this.#inflaters.readAfter(this.#window as Buffer, message);
    this.#window = this.#inflaters.windowRead();
    return text;
  }

  #takeOwn(window: Buffer): RawInflate {
    this.#own = this.#inflaters.own(this, window);
    this.#window = null;
    this.lastUse = this.#inflaters.uses;
    return this.#own;
  }

  /** Whether its window is known: else the inflater stays its own. */
  #giveBack(): boolean {
    // Not to be asked again at once.
    this.lastUse = this.#inflaters.uses;
    this.#window = windowOf(this.#own as RawInflate);
    if (this.#window !== null) this.close();
    return this.#window !== null;
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

/** Of their own size: pooled buffers would keep what lies around them. */
function copied(...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
