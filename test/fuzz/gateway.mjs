import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Text of a client's frame, which is masked and short or of two length bytes; and the bytes after it. */
function readFrame(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const at = short === 126 ? 4 : 2;
  if (bytes.length < at + 4) return null;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const end = at + 4 + length;
  if (bytes.length < end) return null;
  const payload = Buffer.from(bytes.subarray(at + 4, end)).map((byte, index) => byte ^ bytes[at + (index & 3)]);
  return { opcode: bytes[0] & 0x0f, payload: Buffer.from(payload), rest: bytes.subarray(end) };
}

/**
 * Gateway that writes bytes: each connection is one story. `onConnection` gets the function that writes, and returns what to
 * call with each payload of the client.
 */
export async function startGateway() {
  const server = createServer();
  const sockets = new Set();
  let onConnection;
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    const accept = createHash('sha1')
      .update(request.headers['sec-websocket-key'] + GUID)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const onPayload = onConnection(socket);
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let frame = readFrame(bytes); frame !== null; frame = readFrame(bytes)) {
        bytes = frame.rest;
        if (frame.opcode === 1) onPayload(JSON.parse(frame.payload.toString()));
        // The client gives the connection up.
        else if (frame.opcode === 8) socket.end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    set onConnection(listener) {
      onConnection = listener;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
    unref: () => server.unref(),
  };
}

/** Frame of a server with that first byte; `form` says how its length is written: 0 as short as possible, 1 and 2 longer. */
export function wsFrame(first, payload, form = 0) {
  const { length } = payload;
  if (form === 2 || length > 0xffff) {
    const header = Buffer.alloc(10);
    header[0] = first;
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([header, payload]);
  }
  if (form === 1 || length > 125) {
    const header = Buffer.from([first, 126, 0, 0]);
    header.writeUInt16BE(length, 2);
    return Buffer.concat([header, payload]);
  }
  return Buffer.concat([Buffer.from([first, length]), payload]);
}
