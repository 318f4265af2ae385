import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLimitedServer, LocalServer } from '../../src/util/localhost/localServer.js';
import { within } from '../../src/util/within.js';

const PATIENCE_MS = 5_000;

let server: LocalServer;
const clients: Socket[] = [];

const localServer = (port = 0) =>
  new LocalServer(
    createLimitedServer((request, response) => {
      if (request.url === '/answered') response.end('done');
      // Any other request stays without an answer.
    }),
    { port, host: '127.0.0.1', name: 'The test', maxConnections: 10, warn: () => {} },
  );

async function client(text: string): Promise<Socket> {
  const socket = connect({ port: server.port ?? 0, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  clients.push(socket);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

beforeEach(async () => {
  server = localServer();
  await server.listen();
});
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await server.close();
});

describe('close() of a local server', () => {
  test.each([
    ['that has sent nothing', ''],
    ['with half a request', 'GET / HTTP/1.1\r\nHost: 127'],
    ['whose request waits for its answer', 'GET /unanswered HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
    ['that is kept alive after an answer', 'GET /answered HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
    ['with half a body', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc'],
  ])('ends a connection %s', async (_, text) => {
    const socket = await client(text);
    if (text.includes('/answered')) await once(socket, 'data');
    const closed = once(socket.resume(), 'end');
    // A second connection proves that the server has read what the first one sent.
    const later = await client('GET /answered HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await once(later, 'data');
    await within(PATIENCE_MS, server.close());
    await within(PATIENCE_MS, Promise.race([closed, once(socket, 'close')]));
    expect([server.port, server.url]).toEqual([null, null]);
  });
});

test('a request with two Host headers is answered with 400, also where both are the same', async () => {
  for (const second of ['127.0.0.1', 'evil.example']) {
    const socket = await client(`GET /answered HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: ${second}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test('a port that another server listens on is a ListenFailure with PORT_IN_USE', async () => {
  const port = server.port ?? 0;
  await expect(localServer(port).listen()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.`,
  });
});
