import { InflateMemory, NO_ROOM, WINDOW_BYTES } from './wasmMemory.js';

/** What one message may inflate to, however it is compressed. */
export const MOST_TEXT_BYTES = 256 * 1024 * 1024;

/** After a longer text another memory is taken: none ever gets smaller. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;

const NOTHING: Buffer = Buffer.alloc(0);

/** Reads for all streams of a process that have no memory of their own, and what is too large for that. */
export class InflateReader {
  #memory: InflateMemory | null = new InflateMemory();
  /** The last 32 KiB of text, or all there were. Good until the next message is read. */
  window: Buffer = NOTHING;
  /** How long the text of the message read last is, with all that was read before it. */
  textLength = 0;

  /**
   * The text of a message on a stream that these blocks bring to where it is; good until the next one is read.
   * @throws Error if the data is invalid, or the text too long.
   */
  read(past: Buffer, message: Buffer): Buffer {
    return this.#read(past, NOTHING, message);
  }

  /** The same, of a stream with this window. */
  readAfter(window: Buffer, message: Buffer): Buffer {
    return this.#read(NOTHING, window, message);
  }

  #read(past: Buffer, window: Buffer, message: Buffer): Buffer {
    const memory = (this.#memory ??= new InflateMemory());
    try {
      return this.#readIn(memory, past, window, message);
    } finally {
      if (memory.bytes.length > MOST_KEPT_BYTES) {
        this.#memory = null;
        this.window = Buffer.from(this.window);
      }
    }
  }

  #readIn(memory: InflateMemory, past: Buffer, window: Buffer, message: Buffer): Buffer {
    const { heap, overrun } = memory;
    const middle = heap + past.length;
    const start = middle + message.length;
    const out = start + window.length;
    memory.reserve(out);
    memory.bytes.set(past, heap);
    memory.bytes.set(message, middle);
    memory.bytes.set(window, start);
    for (let room = 2 * WINDOW_BYTES; room <= MOST_TEXT_BYTES; room *= 2) {
      memory.reserve(out + room + overrun);
      const { bytes } = memory;
      const limit = bytes.length - overrun;
      const begin = past.length === 0 ? out : memory.inflate(heap, middle, start, out, limit);
      const end = begin === NO_ROOM ? NO_ROOM : memory.inflate(middle, start, start, begin, limit);
      if (end === NO_ROOM) continue;
      this.textLength = end - start;
      this.window = bytes.subarray(Math.max(start, end - WINDOW_BYTES), end);
      return bytes.subarray(begin, end);
    }
    throw new Error(`a message of more than ${MOST_TEXT_BYTES} bytes`);
  }
}
