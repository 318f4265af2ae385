// Not `* as zlib`, of which webpack imports each member by its name, also what this Node does not have.
import zlib from 'node:zlib';
import { Deflate, ZstdCompress } from 'minizlib';

/**
 * Compression of a connection's messages.
 *
 * See [Discord Docs/Encoding and Compression](https://docs.discord.com/developers/events/gateway#encoding-and-compression).
 */
export type Compression = 'none' | 'payload' | 'zlib-stream' | 'zstd-stream';

/** Turns payloads into WebSocket messages, in order and at once. */
export interface Codec {
  encode(text: string): string | Buffer;
  close(): void;
}

/** True where this Node has zstd: 22.15, 23.8 and later. */
export const supportsZstd = 'createZstdCompress' in zlib;

export const plainCodec: Codec = { encode: (text) => text, close() {} };

/** Payload compression: a message of at least `threshold` bytes becomes a zlib buffer of its own. */
export function createPayloadCodec(threshold: number): Codec {
  return {
    encode: (text) => (Buffer.byteLength(text) < threshold ? text : zlib.deflateSync(text)),
    close() {},
  };
}

/** Transport compression: one context a connection, flushed after each message. */
export function createStreamCodec(compression: 'zlib-stream' | 'zstd-stream'): Codec {
  const stream = compression === 'zlib-stream' ? new Deflate(deflateOptions) : new ZstdCompress(zstdOptions());
  return {
    encode(text) {
      stream.write(text);
      return stream.read() ?? Buffer.alloc(0);
    },
    close: () => stream.close(),
  };
}

/** Deflate with a quarter of zlib's usual memory: with the defaults a thousand connections would hold 256 MiB. */
const deflateOptions = { flush: zlib.constants.Z_SYNC_FLUSH, level: 1, memLevel: 6, windowBits: 13 };

function zstdOptions(): { flush: number } {
  const { ZSTD_e_flush: flush } = zlib.constants as unknown as { ZSTD_e_flush: number };
  return { flush };
}

/**
 * Bytes that no inflater accepts at any point of its stream.
 *
 * All bits set is a reserved block type in deflate and in zstd, and a header in neither. The bytes end with the suffix that
 * ends a `zlib-stream` message, so that a client tries to inflate them.
 */
export const corruptBytes: Buffer = Buffer.from([
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
]);
