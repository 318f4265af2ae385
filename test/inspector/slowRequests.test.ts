import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { ViewerServer } from '../../src/inspector/viewerServer.js';
import { Viewer } from './rig.js';

test(
  'half requests on every connection are closed within 20 s, and the page answers again',
  { timeout: 40_000 },
  async () => {
    const server = new ViewerServer({ port: 0, host: '127.0.0.1', page: 'https://stately.ai/inspect', warn: () => {} });
    await server.listen();
    try {
      const { port } = new URL(`${server.url}`);
      using viewer = await Viewer.open(server.url);
      const openedAt = performance.now();
      const slow = Array.from({ length: 63 }, (_, n) => {
        const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
        // One in three never sends a byte.
        if (n % 3 > 0) socket.write(n % 3 === 1 ? 'GET / HTTP/1.1\r\nHost: local' : 'POST / HTTP/1.1\r\n');
        return once(socket.resume(), 'close');
      });
      await expect
        .poll(
          () =>
            fetch(`${server.url}`).then(
              ({ status }) => status,
              () => 'refused',
            ),
          { timeout: 10_000 },
        )
        .toBe('refused');
      await Promise.all(slow);
      expect(performance.now() - openedAt).toBeLessThan(20_000);
      expect((await fetch(`${server.url}`)).status).toBe(200);
      expect([viewer.isClosed, server.viewers]).toEqual([false, 1]);
    } finally {
      await server.close();
    }
  },
);
