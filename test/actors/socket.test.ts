import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { assign, createActor, sendTo, setup } from 'xstate';
import type { SocketCommand, SocketReport } from '../../machines/shard.types.js';
import { socketLogic } from '../../src/actors/socket.js';
import { createWire } from '../../src/actors/wire.js';

const ticket = { id: 1, priority: false, presence: false };

/** A connection to a server of this test's, and what it reports, after it has ended too. */
async function startConnection(payload: string) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
  const sent: number[] = [];
  const logic = socketLogic(() => ({
    wire: createWire(),
    sink: {
      wants: () => false,
      wantsAll: false,
      dispatch: () => {},
      malformed: () => {},
      wantsRaw: false,
      raw: () => {},
    },
    payloads: { text: () => payload, sent: (id) => sent.push(id) },
    query: { version: 10, encoding: 'json', compress: null },
    compression: 'none',
    trustedHosts: [],
    network: () => ({}),
    zlib: 'wasm',
    closeTimeoutMs: 200,
    firstUrl: () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    identify: () => '{"op":2}',
    resume: () => '{"op":6}',
    redact: (text) => text,
  }));
  const actor = createActor(
    setup({
      types: {
        context: {} as { reports: SocketReport[] },
        events: {} as SocketReport | { type: 'tell'; command: SocketCommand } | { type: 'leave' },
      },
      actors: { socket: logic },
    }).createMachine({
      context: { reports: [] },
      initial: 'online',
      states: {
        online: {
          invoke: { id: 'socket', src: 'socket', input: { resumeUrl: null, sequence: null } },
          on: { tell: { actions: sendTo('socket', ({ event }) => event.command) }, leave: 'gone' },
        },
        gone: {},
      },
      on: {
        '*': { actions: assign({ reports: ({ context, event }) => [...context.reports, event as SocketReport] }) },
      },
    }),
  ).start();
  onTestFinished(() => void actor.stop());
  const [peer, { socket: tcp }] = await accepted;
  const reports = () => actor.getSnapshot().context.reports;
  await vi.waitFor(() => expect(reports()).toContainEqual({ type: 'socket.opened' }));
  return { peer, tcp, sent, reports, tell: (command: SocketCommand) => actor.send({ type: 'tell', command }), actor };
}

test('a payload that was written is reported as sent', async () => {
  const { peer, sent, tell } = await startConnection('{"op":3}');
  const heard = once(peer, 'message');
  tell({ type: 'socket.send', ticket });
  expect(String((await heard)[0])).toBe('{"op":3}');
  await vi.waitFor(() => expect(sent).toEqual([1]));
});

test('a payload a stalled peer has not taken when the connection is dropped is reported as unsent', async () => {
  const { peer, sent, tell, reports, actor } = await startConnection('x'.repeat(64 * 1024 * 1024));
  peer.pause();
  tell({ type: 'socket.send', ticket });
  actor.send({ type: 'leave' });
  await vi.waitFor(() => expect(reports()).toContainEqual({ type: 'socket.unsent', ticket }));
  expect(sent).toEqual([]);
});

test('a payload sent after the peer has closed is reported as unsent', async () => {
  const { peer, sent, tell, reports } = await startConnection('{"op":3}');
  peer.close(4000, 'bye');
  await vi.waitFor(() =>
    expect(reports()).toContainEqual(expect.objectContaining({ type: 'socket.closed', code: 4000 })),
  );
  tell({ type: 'socket.send', ticket });
  await vi.waitFor(() => expect(reports()).toContainEqual({ type: 'socket.unsent', ticket }));
  expect(sent).toEqual([]);
});

test('a peer whose 61 pings come before one pong has left loses the connection, and the reason says so', async () => {
  const { tcp, reports } = await startConnection('');
  const ping = Buffer.from([0x89, 0]);
  tcp.write(Buffer.concat(Array.from({ length: 61 }, () => ping)));
  await vi.waitFor(() =>
    expect(reports().at(-1)).toMatchObject({ type: 'socket.closed', code: 1006, reason: 'too many pings at once' }),
  );
  expect(reports().at(-1)).not.toHaveProperty('opened');
});
