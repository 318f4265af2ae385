import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createShard } from '../../src/index.js';
import { silentLogger, TOKEN } from './rig.js';

test.each([
  [300, 1_500, 5_000],
  // As Discord's: no heartbeat is due before the limit, and the shard asks its heart for one.
  [41_250, 5_000, 7_500],
])(
  'interval %d ms, timeouts.ready %d ms, READY after %d ms: one IDENTIFY, said once in the log',
  async (interval, ready, afterMs) => {
    const gateway = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(gateway, 'listening');
    let identified = 0;
    gateway.on('connection', (socket) => {
      const say = (frame: object) => socket.send(JSON.stringify(frame));
      say({ op: 10, d: { heartbeat_interval: interval } });
      socket.on('message', (data) => {
        const { op } = JSON.parse(String(data)) as { op: number };
        if (op === 1) say({ op: 11 });
        if (op !== 2) return;
        identified += 1;
        setTimeout(say, afterMs, { op: 0, t: 'READY', s: 1, d: { session_id: 'late' } });
      });
    });
    const warnings: string[] = [];
    const { port } = gateway.address() as { port: number };
    await using shard = createShard({
      token: TOKEN,
      intents: 1,
      url: `ws://127.0.0.1:${port}`,
      compression: 'none',
      timeouts: { ready, close: 200 },
      logger: { ...silentLogger, warn: (line: string) => void warnings.push(line) },
    });
    try {
      await shard.connect();
      expect(identified).toBe(1);
      expect(warnings.filter((line) => line.includes('READY is late'))).toHaveLength(1);
    } finally {
      shard.forceClose();
      gateway.close();
    }
  },
);
