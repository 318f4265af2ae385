import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { DataListener } from '../../src/actors/dataListener.js';

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

/** An open WebSocket as the socket actor makes it, its TCP socket, and the other end. */
async function open() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  let tcp: Socket | undefined;
  const listeners: number[] = [];
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
    perMessageDeflate: false,
    finishRequest: (request: ClientRequest) => {
      request.once('upgrade', (_response, stream) => {
        tcp = stream as Socket;
        listeners.push(socket.readyState, tcp.listenerCount('data'));
      });
      request.end();
    },
  });
  await once(socket, 'open');
  const [peer] = await accepted;
  return { socket, peer, tcp: tcp as Socket, listeners };
}

describe('what is relied upon of ws', () => {
  test('it listens to `data` with one function, from the upgrade on, when its WebSocket is OPEN', async () => {
    const { listeners } = await open();
    expect(listeners).toEqual([WebSocket.OPEN, 1]);
  });

  test('its listener takes the bytes in any cut, and gives whole messages', async () => {
    const { socket, peer, tcp } = await open();
    const listener = DataListener.replace(tcp, (chunk) => {
      for (const byte of chunk) listener?.pass(Buffer.of(byte));
    });
    const messages: string[] = [];
    socket.on('message', (data) => messages.push((data as Buffer).toString()));
    peer.send('one');
    peer.send('two');
    await expect.poll(() => messages).toEqual(['one', 'two']);
  });

  test('with its listener back it closes: it answers the close frame and removes the listener', async () => {
    const { socket, peer, tcp } = await open();
    const listener = DataListener.replace(tcp, (chunk) => listener?.restore(chunk));
    const closed = once(socket, 'close');
    const answered = once(peer, 'close');
    peer.close(4000, 'enough');
    expect((await closed)[0]).toBe(4000);
    expect((await answered)[0]).toBe(4000);
    expect(tcp.listenerCount('data')).toBe(0);
  });
});

test('bytes come to the listener that replaced it, and ws has none of them', async () => {
  const { socket, peer, tcp } = await open();
  const chunks: Buffer[] = [];
  const messages: unknown[] = [];
  socket.on('message', (data) => messages.push(data));
  DataListener.replace(tcp, (chunk) => chunks.push(chunk));
  peer.send('hello');
  await expect.poll(() => Buffer.concat(chunks).toString('latin1')).toBe('\x81\x05hello');
  expect(messages).toEqual([]);
});
