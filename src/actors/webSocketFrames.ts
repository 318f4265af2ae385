import type { Socket } from 'node:net';
import { DataListener } from './dataListener.js';

type Deliver = (data: Buffer, isBinary: boolean) => void;

/** Called before the frames of each piece that the network brings. */
type OnChunk = () => void;

/** First byte of a header: FIN, three reserved bits, the opcode. */
const enum First {
  WholeText = 0x81,
  WholeBinary = 0x82,
  Ping = 0x89,
  Pong = 0x8a,
}

/** In the second byte. A server masks nothing. */
const MASKED = 0x80;
const MAX_HEADER_BYTES = 14;
/** A longer control frame breaks the protocol. */
const MAX_CONTROL_BYTES = 125;

/**
 * Takes the whole data frames out of what the network brings before ws does: nearly all that a gateway sends. ws takes each
 * apart in several steps with a Buffer a step, and pauses the socket for every large chunk.
 *
 * All else goes to ws as it came: control frames, and frames in several chunks. From the close frame on, the first message
 * in several frames or the first frame that breaks the protocol, ws has the connection to itself: where ws gives such a
 * message up, no frame behind it is delivered.
 *
 * RFC 6455, section 5.2.
 */
export class DataFrames {
  readonly #ws: DataListener;
  readonly #deliver: Deliver;
  readonly #onChunk: OnChunk;
  /** Bytes to come of a frame that ws has the beginning of. */
  #rest = 0;
  /** What ws has of a header that is not whole yet. */
  #header: Buffer | null = null;

  /** Null where ws does not listen as it is known to: then it has the connection to itself. */
  static before(tcp: Socket, deliver: Deliver, onChunk: OnChunk = () => {}): DataFrames | null {
    let frames: DataFrames | null = null;
    const ws = DataListener.replace(tcp, (chunk) => frames?.read(chunk));
    if (ws !== null) frames = new DataFrames(ws, deliver, onChunk);
    return frames;
  }

  private constructor(ws: DataListener, deliver: Deliver, onChunk: OnChunk) {
    this.#ws = ws;
    this.#deliver = deliver;
    this.#onChunk = onChunk;
  }

  read(chunk: Buffer): void {
    this.#onChunk();
    const end = chunk.length;
    let at = this.#header === null ? this.#pass(chunk, 0, this.#rest) : this.#endHeader(chunk, this.#header);
    while (at < end) {
      const size = headerSize(chunk, at);
      if (at + size > end) {
        this.#header = Buffer.from(chunk.subarray(at));
        this.#pass(chunk, at, end - at);
        return;
      }
      const first = chunk[at] as number;
      const second = chunk[at + 1] as number;
      const next = at + size + payloadSize(chunk, at);
      if ((first === First.WholeBinary || first === First.WholeText) && next <= end && second < MASKED) {
        this.#deliver(chunk.subarray(at + size, next), first === First.WholeBinary);
        at = next;
      } else if (this.#isToBePassed(first, second)) at = this.#pass(chunk, at, next - at);
      else return this.#ws.restore(chunk.subarray(at));
    }
  }

  /** Takes the rest of a header; where the next frame begins, or the chunk ends. */
  #endHeader(chunk: Buffer, begun: Buffer): number {
    const header = Buffer.concat([begun, chunk.subarray(0, MAX_HEADER_BYTES - begun.length)]);
    const size = headerSize(header, 0);
    if (header.length < size) {
      this.#header = header;
      return this.#pass(chunk, 0, chunk.length);
    }
    this.#header = null;
    if (this.#isToBePassed(header[0] as number, header[1] as number)) {
      return this.#pass(chunk, 0, size + payloadSize(header, 0) - begun.length);
    }
    this.#ws.restore(chunk);
    return chunk.length;
  }

  /** True if ws gets this frame and the bytes after it come back to us. */
  #isToBePassed(first: First, second: number): boolean {
    if (second >= MASKED) return false;
    switch (first) {
      case First.Ping:
      case First.Pong:
        return second <= MAX_CONTROL_BYTES;
      case First.WholeText:
      case First.WholeBinary:
        return true;
      default:
        return false;
    }
  }

  /** Gives ws so many bytes, as far as they are here; where what follows begins. */
  #pass(chunk: Buffer, at: number, bytes: number): number {
    const end = Math.min(chunk.length, at + bytes);
    this.#rest = at + bytes - end;
    if (end > at) this.#ws.pass(chunk.subarray(at, end));
    return end;
  }
}

const LENGTH_BITS = 0x7f;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** As far as it can be told: two bytes at least. */
function headerSize(bytes: Buffer, at: number): number {
  const second = bytes[at + 1] ?? 0;
  const length = second & LENGTH_BITS;
  return 2 + (length === TWO_BYTES ? 2 : length === EIGHT_BYTES ? 8 : 0) + (second >= MASKED ? 4 : 0);
}

/** Of a header that is whole. */
function payloadSize(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & LENGTH_BITS;
  if (length === TWO_BYTES) return bytes.readUInt16BE(at + 2);
  return length === EIGHT_BYTES ? bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6) : length;
}
