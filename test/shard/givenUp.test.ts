import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createShard } from '../../src/index.js';
import { silentLogger, until } from './rig.js';

const LAST = 49;
const text = (s: number) => JSON.stringify({ t: 'NUMBERED', s, op: 0, d: { s } });

/** A frame without a mask and shorter than 126 bytes. */
const frame = (first: number, payload: Buffer) => Buffer.concat([Buffer.from([first, payload.length]), payload]);

/** The dispatch 2 in more fragments than ws takes, and whole dispatches behind it in the same chunk. */
function tooManyFragments(): Buffer {
  const [start, end] = [Buffer.from(text(2).slice(0, 10)), Buffer.from(text(2).slice(10))];
  const middle = Array.from({ length: 16_500 }, () => frame(0x00, Buffer.alloc(0)));
  const behind = Array.from({ length: LAST - 2 }, (_, index) => frame(0x81, Buffer.from(text(index + 3))));
  return Buffer.concat([frame(0x01, start), ...middle, frame(0x80, end), ...behind]);
}

test('a message of too many fragments ends the connection; RESUME asks for it and for everything after it', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resumedAt: number[] = [];
  server.on('connection', (socket: WebSocket, { socket: tcp }) => {
    const send = (payload: object) => socket.send(JSON.stringify(payload));
    socket.on('error', () => {});
    send({ op: 10, d: { heartbeat_interval: 45_000 } });
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data)) as { op: number; d: { seq: number } };
      if (op === 2) {
        send({ t: 'READY', s: 1, op: 0, d: { session_id: 'one', resume_gateway_url: url } });
        tcp.write(tooManyFragments());
      }
      if (op !== 6) return;
      resumedAt.push(d.seq);
      for (let s = d.seq + 1; s <= LAST; s += 1) socket.send(text(s));
      send({ t: 'RESUMED', s: LAST + 1, op: 0, d: {} });
    });
  });
  const shard = createShard({
    token: 'fake',
    intents: 1,
    url,
    compression: 'none',
    backoff: { initial: 10, max: 50 },
    logger: silentLogger,
  });
  const got: number[] = [];
  shard.on('dispatch', ({ t, d }) => {
    if ((t as string) === 'NUMBERED') got.push((d as unknown as { s: number }).s);
  });
  try {
    await shard.connect();
    await until(() => resumedAt.length > 0 && got.includes(LAST));
    expect(resumedAt).toEqual([1]);
    expect(got).toEqual(Array.from({ length: LAST - 1 }, (_, index) => index + 2));
  } finally {
    await shard.shutdown();
    server.close();
  }
});
