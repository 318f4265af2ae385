import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { attachInspector, InspectorError } from '../../src/inspector/index.js';
import type { Frame } from '../../src/inspector/conversion.js';
import { ViewerServer } from '../../src/inspector/viewerServer.js';
import { runProgram } from '../program.js';
import { countingShard, countObservers, viewerOf, upgradeStatus, Viewer } from './rig.js';

const frame = (kind: Frame['kind'], text: string, sessionId = 'x:0'): Frame => ({
  kind,
  sessionId,
  rootId: 'x:0',
  text,
});

async function openServer(warn: (message: string) => void = () => {}) {
  const server = new ViewerServer({ port: 0, host: '127.0.0.1', page: 'https://stately.ai/inspect', warn });
  await server.listen();
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

/** GET with any Host header, which `fetch` would set itself. */
async function get(url: string | null, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const sent = request(new URL(path, `${url}`), { headers, method }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

test('the server listens on a loopback address', async () => {
  await using inspector = attachInspector(countingShard());
  await inspector.ready;
  expect(inspector.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  await using six = attachInspector(countingShard(), { host: '::1' });
  // A machine without IPv6 rejects `ready`.
  const url = await six.ready.then(
    () => six.url,
    () => 'http://[::1]:1/',
  );
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
});

test('a port in use rejects `ready` with PORT_IN_USE, logs it, and leaves no observer', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const shard = countingShard();
  const observers = countObservers(shard.actor);
  const error = vi.fn();
  const inspector = attachInspector(shard, { port, logger: { debug() {}, info() {}, warn() {}, error } });
  const failure = await inspector.ready.catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(InspectorError);
  expect(failure).toMatchObject({ code: 'PORT_IN_USE', value: port });
  expect(error.mock.calls).toEqual([[expect.stringContaining(`Port ${port} is in use`)]]);
  await inspector.stop();
  expect([observers(), inspector.attached, inspector.url]).toEqual([0, [], null]);
  taken.close();
});

test('a foreign Origin or Host is refused with 403', async () => {
  await using inspector = attachInspector(countingShard());
  await inspector.ready;
  const { host, port } = new URL(`${inspector.url}`);
  const tries: [Record<string, string>, number][] = [
    [{}, 101],
    [{ origin: `http://${host}` }, 101],
    [{ host: `localhost:${port}`, origin: `http://localhost:${port}` }, 101],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: '' }, 403],
    [{ origin: `https://${host}` }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ origin: `http://${host}.evil.example` }, 403],
    [{ host: `evil.example:${port}` }, 403],
    [{ host: `127.0.0.1.evil.example:${port}`, origin: `http://127.0.0.1.evil.example:${port}` }, 403],
    [{ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }, 403],
  ];
  for (const [headers, status] of tries) {
    expect(await upgradeStatus(inspector.url, headers), JSON.stringify(headers)).toBe(status);
  }
  for (const [headers, status] of tries.slice(3)) {
    expect((await get(inspector.url, '/', headers)).status, JSON.stringify(headers)).toBe(status);
  }
});

test('the page may load its own script, connect to its own server and frame the viewer, nothing else', async () => {
  await using inspector = attachInspector(countingShard(), { page: 'http://127.0.0.1:9/viewer?a="<b>' });
  await inspector.ready;
  const { status, headers, body } = await get(inspector.url, '/');
  expect(status).toBe(200);
  expect(body).toContain('<iframe src="http://127.0.0.1:9/viewer?a=&quot;&lt;b&gt;"');
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; " +
      `connect-src ws://${new URL(`${inspector.url}`).host}; frame-src http://127.0.0.1:9; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  expect((await get(inspector.url, '/bridge.js')).headers['content-type']).toContain('text/javascript');
  expect((await get(inspector.url, '/bridge.css')).status).toBe(200);
  expect((await get(inspector.url, '/other')).status).toBe(404);
  expect(await get(inspector.url, '/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  expect(await get(inspector.url, '/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
});

test('messages of a viewer are ignored, and a broken frame ends that connection alone', async () => {
  const shard = countingShard();
  await using inspector = attachInspector(shard);
  using other = await viewerOf(inspector, ({ texts }) => texts.length === 1);
  using talker = await Viewer.open(inspector.url);
  talker.socket.send('{"type":"@xstate.actor","name":"forged","sessionId":"x:0"}');
  talker.socket.send(Buffer.from([0, 255, 1]));
  talker.socket.send('{');
  using loud = await Viewer.open(inspector.url);
  loud.socket.send('x'.repeat(100_000));
  await expect.poll(() => loud.isClosed).toBe(true);
  // The bytes are not a WebSocket frame: reserved bits are set, and the mask is missing.
  using broken = await Viewer.open(inspector.url);
  (broken.socket as unknown as { _socket: NodeJS.WritableStream })['_socket'].write(Buffer.from([0xff, 0x7f, 0, 0]));
  await expect.poll(() => broken.isClosed).toBe(true);
  const { port } = new URL(`${inspector.url}`);
  const raw = connect(Number(port), '127.0.0.1').on('error', () => {});
  raw.end('\u0000\u0001 no HTTP\r\n\r\n');
  await once(raw.resume(), 'close');
  shard.actor.send({ type: 'count' });
  await expect.poll(() => other.last('shard 0')?.snapshot?.context).toEqual({ count: 1 });
  expect([other.isClosed, talker.isClosed, inspector.viewers]).toEqual([false, false, 2]);
  using late = await viewerOf(inspector, ({ texts }) => texts.length >= 3);
  for (const viewer of [other, talker, late]) expect(viewer.texts.join('\n')).not.toContain('forged');
});

test('a viewer that stops reading is closed, and another one gets every message', async () => {
  const warn = vi.fn();
  await using server = await openServer(warn);
  using good = await Viewer.open(server.url);
  using stalled = await Viewer.open(server.url);
  stalled.socket.pause();
  server.publish(frame('actor', '{}'));
  const text = JSON.stringify('x'.repeat(200_000));
  let sent = 1;
  while (server.viewers === 2) {
    server.publish(frame('snapshot', text));
    sent += 1;
    // At most 8 MiB wait, besides the buffers of the system.
    expect(sent).toBeLessThan(500);
    await expect.poll(() => good.texts.length, { interval: 1 }).toBe(sent);
  }
  server.publish(frame('snapshot', text));
  await expect.poll(() => good.texts.length).toBe(sent + 1);
  expect([server.viewers, good.isClosed, warn.mock.calls.length]).toEqual([1, false, 1]);
});

test('60 viewers at once are limited to 20 a second and 16 at a time, the rest get 503', async () => {
  await using server = await openServer();
  const results = await Promise.all(Array.from({ length: 60 }, () => upgradeStatus(server.url, {}).catch(() => 0)));
  expect(results.filter((status) => status === 101).length).toBeLessThanOrEqual(40);
  expect(results.filter((status) => status === 503).length).toBeGreaterThan(0);
  const viewers: Viewer[] = [];
  await expect
    .poll(
      async () => {
        if ((await upgradeStatus(server.url, {})) === 101)
          viewers.push(await Viewer.open(server.url).catch(() => null as never));
        return server.viewers;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThanOrEqual(15);
  expect(server.viewers).toBeLessThanOrEqual(16);
  for (const viewer of viewers) viewer?.[Symbol.dispose]();
});

test('the backlog stays within 2 MiB after 100 MB of messages and 1 000 ended actors', async () => {
  await using server = await openServer();
  server.backlog.add(frame('actor', 'chart'));
  for (let n = 0; n < 1_000; n++) server.backlog.add(frame('event', 'x'.repeat(100_000)));
  const length = server.backlog.texts().reduce((sum, text) => sum + text.length, 0);
  expect(length).toBeLessThanOrEqual(2_097_152 + 5);
  for (let n = 1; n < 1_000; n++) {
    server.backlog.add(frame('actor', 'chart', `x:${n}`));
    server.backlog.add(frame('snapshot', 'last', `x:${n}`));
    server.backlog.forget(`x:${n}`);
  }
  // A snapshot after the actor's end is not kept either.
  server.backlog.add(frame('snapshot', 'late', 'x:9'));
  expect(server.backlog.texts()).not.toContain('last');
  expect(server.backlog.texts()).not.toContain('late');
  server.backlog.forgetAll('x:0');
  expect(server.backlog.texts()).toEqual([]);
});

test('stop ends every connection, and the port is free again', async () => {
  const inspector = attachInspector(countingShard());
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length === 1);
  const { port } = new URL(`${inspector.url}`);
  const silent = connect(Number(port), '127.0.0.1').on('error', () => {});
  const isSilentClosed = once(silent.resume(), 'close');
  await once(silent, 'connect');
  viewer.socket.pause();
  await inspector.stop();
  await isSilentClosed;
  viewer.socket.resume();
  await expect.poll(() => viewer.isClosed).toBe(true);
  await using again = attachInspector(countingShard(), { port: Number(port) });
  await again.ready;
});

test('an inspector with a viewer does not keep the process alive, and `ready` and `stop` resolve', () => {
  const program = `
    import { attachInspector } from 'shardchart/inspector';
    import { createShard } from 'shardchart';
    import { WebSocket } from 'ws';
    const shard = createShard({ token: 'any', intents: 0 });
    const stopped = attachInspector(shard);
    await stopped.ready;
    await stopped.stop();
    const inspector = attachInspector(shard);
    await inspector.ready;
    const viewer = new WebSocket(inspector.url.replace('http', 'ws'));
    await new Promise((resolve) => viewer.once('message', resolve));
    viewer._socket.unref();
    console.log('done');
  `;
  expect(runProgram(program)).toEqual({ stdout: 'done\n', stderr: '', status: 0 });
});
