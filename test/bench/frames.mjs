// Texts as the bytes of WebSocket frames, made once and sent to every client alike, so that the server never is the
// limit: what one deflate context makes of the same texts is the same for every connection.
import { constants } from 'node:zlib';
import { Deflate } from 'minizlib';
import { createStreamCodec } from '../../dist/src/simulator/connection/codec.js';

const TEXT = 0x81;
const BINARY = 0x82;

function frame(payload, opcode) {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = opcode;
  if (length < 126) header[1] = length;
  else if (length < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

/** Deflates each text, in the order of the connection. */
export function deflater() {
  const deflate = new Deflate({ flush: constants.Z_SYNC_FLUSH });
  return (text) => {
    deflate.write(text);
    return deflate.read();
  };
}

/** Makes a frame of each text, in the order of the connection. */
export function framer(compression) {
  if (compression === 'none') return (text) => frame(Buffer.from(text), TEXT);
  if (compression === 'zlib-stream') {
    const deflate = deflater();
    return (text) => frame(deflate(text), BINARY);
  }
  const codec = createStreamCodec(compression);
  return (text) => frame(codec.encode(text), BINARY);
}
