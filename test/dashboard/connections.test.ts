import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { lifecycles } from '../../machines/lifecycle.js';
import { serveSource } from '../../src/dashboard/dashboard.js';
import { serveDashboard } from '../../src/dashboard/index.js';
import { resolveServerOptions } from '../../src/dashboard/options.js';
import type { Source } from '../../src/dashboard/source.js';
import { shardOn, simulate, until } from '../shard/rig.js';
import { ask, Viewer, watching } from './rig.js';

/** The server's limit. */
const CONNECTIONS = 64;

async function opened(url: string | null): Promise<Socket> {
  const socket = connect(Number(new URL(`${url}`).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Requests sent without reading the answers. */
const requests = (path: string, count: number) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(count);

const silent: Source = {
  setup: { source: 'live', states: [...lifecycles, 'fatal'], controls: null },
  follow: () => () => {},
  controls: null,
  stop: () => {},
};

test('a connection that asks for many streams gets one, which ends with the connection', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  await dashboard.ready;
  const socket = (await opened(dashboard.url)).resume();
  socket.write(requests('/events?shard=0', 17));
  await until(() => dashboard.viewers > 0);
  // The requests behind it have been handled by now.
  await ask(dashboard.url, '/setup');
  expect(dashboard.viewers).toBe(1);
  socket.destroy();
  await until(() => dashboard.viewers === 0);
});

test('a client that sends requests without reading gets one answer, a 429 and a close', async () => {
  await using dashboard = serveSource(silent, resolveServerOptions({}));
  await dashboard.ready;
  const picture = readFileSync(new URL('../../visualizations/shard.svg', import.meta.url), 'utf8');
  const socket = (await opened(dashboard.url)).setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  socket.write(requests('/charts/shard.svg', 50));
  await once(socket, 'close');
  expect(text.split('HTTP/1.1 ').map((answer) => answer.slice(0, 3))).toEqual(['', '200', '429']);
  expect(text.split(picture)).toHaveLength(2);
  const flood = (await opened(dashboard.url)).pause();
  flood.write(requests('/charts/shard.svg', 1_000));
  flood.resume();
  await once(flood, 'close');
  expect((await ask(dashboard.url, '/setup')).status).toBe(200);
});

test('requests sent one after another on a connection are all answered', async () => {
  await using dashboard = serveSource(silent, resolveServerOptions({}));
  await dashboard.ready;
  const socket = (await opened(dashboard.url)).setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  for (let count = 1; count <= 5; count += 1) {
    socket.write(requests('/setup', 1));
    await until(() => text.split('HTTP/1.1 200').length > count && text.endsWith('}'));
  }
  socket.destroy();
});

test('a source that throws ends its own stream; other streams and requests go on', async () => {
  const warn = vi.fn();
  const logger = { debug() {}, info() {}, warn, error: warn };
  const failing: Source = {
    ...silent,
    follow: () => {
      throw new Error('out of order');
    },
  };
  await using dashboard = serveSource(failing, resolveServerOptions({ logger }));
  await dashboard.ready;
  using viewer = await Viewer.open(dashboard.url, '0');
  await until(() => viewer.isClosed);
  expect(dashboard.viewers).toBe(0);
  expect(warn.mock.calls).toEqual([[expect.stringContaining('out of order')]]);
  expect((await ask(dashboard.url, '/setup')).status).toBe(200);
});

test('a client that leaves before its answer aborts the work for it', async () => {
  const warn = vi.fn();
  const logger = { debug() {}, info() {}, warn, error: warn };
  let asked: AbortSignal | undefined;
  const source: Source = {
    ...silent,
    json: (_path, gone) => {
      asked = gone;
      return new Promise((_resolve, reject) =>
        gone.addEventListener('abort', () => reject(gone.reason as Error), { once: true }),
      );
    },
  };
  await using dashboard = serveSource(source, resolveServerOptions({ logger }));
  await dashboard.ready;
  const socket = await opened(dashboard.url);
  socket.write(requests('/audit/shards/0', 1));
  await until(() => asked !== undefined);
  expect(asked?.aborted).toBe(false);
  socket.destroy();
  await until(() => asked?.aborted === true);
  expect((await ask(dashboard.url, '/setup')).status).toBe(200);
  expect(warn).not.toHaveBeenCalled();
});

test('after stop the dashboard has no viewers', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const dashboard = serveDashboard(shard);
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  expect(dashboard.viewers).toBe(1);
  await dashboard.stop();
  expect(dashboard.viewers).toBe(0);
  await until(() => viewer.isClosed);
});

test('silent connections are closed after ten seconds, so that others can connect', async () => {
  await using dashboard = serveSource(silent, resolveServerOptions({}));
  await dashboard.ready;
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => opened(dashboard.url)));
  const closing = Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
  const startedAt = performance.now();
  await closing;
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect((await ask(dashboard.url, '/setup')).status).toBe(200);
}, 60_000);
