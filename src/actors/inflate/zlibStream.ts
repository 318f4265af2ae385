import { joined } from './joined.js';

/** Turns the binary frames of one connection into texts, as UTF-8. */
export interface Inflater {
  /**
   * The text of the message this frame ends, or null where the message goes on in the next frame. It is good until any
   * inflater is given another frame.
   * @throws Error if the data is corrupt: the stream cannot be trusted from here on.
   */
  push(frame: Buffer): Buffer | null;
  /** Frees what can be rebuilt: the stream may be silent for long. */
  rest(): void;
  close(): void;
}

/** What one message may gather over frames before the peer is taken for broken. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/** Frames that wait side by side: a Buffer has 100 bytes of its own, and keeps the chunk of the network that it was cut out of. */
const MAX_LOOSE_FRAMES = 1_000;

const SUFFIX_BYTES = 4;

/** A message of zlib-stream ends with 00 00 ff ff. */
function endsMessage(frame: Buffer): boolean {
  const end = frame.length;
  return (
    end >= 4 && frame[end - 1] === 0xff && frame[end - 2] === 0xff && frame[end - 3] === 0x00 && frame[end - 4] === 0x00
  );
}

/** zlib-stream: one context a connection. */
export abstract class ZlibStream implements Inflater {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** How many of `#pending`, at its end, have not been joined yet. */
  #loose = 0;

  push(frame: Buffer): Buffer | null {
    if (this.#pendingBytes === 0) return endsMessage(frame) ? this.inflate(frame) : this.#hold(frame);
    this.#hold(frame);
    // The suffix itself may be cut in two.
    const last = frame.length >= SUFFIX_BYTES ? frame : this.#lastBytes();
    if (!endsMessage(last)) return null;
    const message = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#loose = 0;
    return this.inflate(message);
  }

  /**
   * Of a whole message, for those end between two blocks.
   * @throws Error if the data is corrupt.
   */
  protected abstract inflate(message: Buffer): Buffer;
  abstract rest(): void;
  abstract close(): void;

  #hold(frame: Buffer): null {
    if (frame.length === 0) return null;
    this.#pending.push(frame);
    this.#pendingBytes += frame.length;
    if (this.#pendingBytes > MAX_PENDING_BYTES) throw new Error('a message that does not end');
    this.#loose += 1;
    if (this.#loose === MAX_LOOSE_FRAMES) this.#join();
    return null;
  }

  /** Joins the loose frames alone: to join all that waits each time would copy the message once per thousand frames. */
  #join(): void {
    this.#pending.push(joined(...this.#pending.splice(-MAX_LOOSE_FRAMES)));
    this.#loose = 0;
  }

  /** The end of what waits, as long as the suffix. */
  #lastBytes(): Buffer {
    return Buffer.concat(this.#pending.slice(-SUFFIX_BYTES).map((held) => held.subarray(-SUFFIX_BYTES)));
  }
}
