import type { Gateway } from '../gateway.js';
import { type Codec, type Compression, createPayloadCodec, createStreamCodec, plainCodec } from './codec.js';
import type { GatewaySocket } from './gatewaySocket.js';

export interface OutgoingFrame {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
  /** Payload's `d` as JSON. */
  readonly json: string;
}

/** Connection that a written frame is recorded for. */
interface Writing {
  readonly id: number;
  readonly shardId: number | null;
}

/** Compresses the frames of one connection, writes them to its socket, and records them. */
export class FrameWriter {
  readonly #gateway: Gateway;
  readonly #connection: Writing;
  readonly #socket: GatewaySocket;
  #codec: Codec;
  #compression: Compression;

  constructor(
    gateway: Gateway,
    connection: Writing,
    socket: GatewaySocket,
    compress: 'zlib-stream' | 'zstd-stream' | null,
  ) {
    this.#gateway = gateway;
    this.#connection = connection;
    this.#socket = socket;
    this.#compression = compress ?? 'none';
    this.#codec = compress === null ? plainCodec : createStreamCodec(compress);
  }

  get compression(): Compression {
    return this.#compression;
  }

  /** Turns payload compression on. Discord ignores it beside transport compression. */
  compressPayloads(): void {
    if (this.#compression !== 'none') return;
    this.#compression = 'payload';
    this.#codec = createPayloadCodec(this.#gateway.options.payloadCompressionThreshold);
  }

  writeFrame({ op, t, s, d, json }: OutgoingFrame): void {
    const text = frameText(op, t, s, json);
    this.#write(this.#codec.encode(text));
    this.#record(op, t, s, d, text);
  }

  /** Writes a text that need not be a payload. */
  writeText(text: string): void {
    this.#write(this.#codec.encode(text));
    this.#record(null, null, null, text, text);
  }

  /** Writes bytes without compressing them. */
  writeBytes(bytes: Buffer): void {
    this.#write(bytes);
    this.#record(null, null, null, null, bytes);
  }

  close(): void {
    this.#codec.close();
  }

  #write(message: Buffer | string): void {
    const { splitFrames } = this.#gateway.options;
    if (typeof message === 'string' || this.#compression !== 'zlib-stream' || message.length <= splitFrames) {
      this.#socket.send(message);
      return;
    }
    for (let start = 0; start < message.length; start += splitFrames) {
      this.#socket.send(message.subarray(start, start + splitFrames));
    }
  }

  #record(op: number | null, t: string | null, s: number | null, d: unknown, content: Buffer | string): void {
    const { recorder, options } = this.#gateway;
    if (!recorder.needsFrames) return;
    const { id: connection, shardId } = this.#connection;
    const bytes = Buffer.byteLength(content);
    recorder.addFrame({ at: options.now(), connection, shardId, direction: 'gateway', op, t, s, d, bytes });
  }
}

/** Writes a frame with its keys in Discord's order; `json` is its `d`. */
function frameText(op: number, t: string | null, s: number | null, json: string): string {
  return `{"t":${t === null ? 'null' : JSON.stringify(t)},"s":${s},"op":${op},"d":${json}}`;
}
