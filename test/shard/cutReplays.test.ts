import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createShard } from '../../src/index.js';
import { silentLogger, until } from './rig.js';

const CUTS = 50;
const EVENTS = 120;

/** Gateway that has more to replay than it ever gets through: each of the first connections ends two dispatches on. */
async function startGateway() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const logins: number[] = [];
  server.on('connection', (socket: WebSocket) => {
    const send = (frame: object) => socket.send(JSON.stringify(frame));
    const replay = (after: number) => {
      const isCut = logins.length <= CUTS + 1;
      for (let s = after + 1; s <= (isCut ? after + 2 : EVENTS); s += 1) send({ t: 'NUMBERED', s, op: 0, d: { s } });
      if (isCut) socket.close(4000);
      else send({ t: 'RESUMED', s: EVENTS + 1, op: 0, d: {} });
    };
    send({ op: 10, d: { heartbeat_interval: 45_000 } });
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data)) as { op: number; d: { seq: number } };
      if (op === 1) return send({ op: 11 });
      if (op === 2 || op === 6) logins.push(op);
      if (op === 6) return replay(d.seq);
      if (op !== 2) return;
      send({ t: 'READY', s: 1, op: 0, d: { session_id: 'one', resume_gateway_url: url } });
      socket.close(4000);
    });
  });
  return { url, logins, close: () => server.close() };
}

test('50 connections in a row are cut in their replay: no event is lost or doubled, and no second IDENTIFY leaves', async () => {
  const gateway = await startGateway();
  const shard = createShard({
    token: 'x',
    intents: 1,
    url: gateway.url,
    compression: 'none',
    backoff: { initial: 1, max: 2 },
    logger: silentLogger,
  });
  const received: number[] = [];
  shard.on('dispatch', (event) => {
    const { t, d } = event as unknown as { t: string; d: { s: number } };
    if (t === 'NUMBERED') received.push(d.s);
  });
  try {
    await shard.connect();
    await until(() => received.length >= EVENTS - 1);
    expect(received).toEqual(Array.from({ length: EVENTS - 1 }, (_, index) => index + 2));
    expect(gateway.logins).toEqual([2, ...Array.from({ length: CUTS + 1 }, () => 6)]);
  } finally {
    await shard.shutdown();
    gateway.close();
  }
});
