import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { shardOn, simulate } from '../shard/rig.js';
import { ask, post, Viewer, watching } from './rig.js';

const TOKEN = 'a-token-of-the-dashboards-own';
/** An address of this machine outside its loopback names: clients there need the token. */
const ELSEWHERE = '127.0.0.2';

async function served(options: Parameters<typeof serveDashboard>[1] = {}) {
  const simulator = await simulate();
  const shard = shardOn(simulator);
  const dashboard = serveDashboard(shard, options);
  await dashboard.ready;
  return {
    shard,
    dashboard,
    url: dashboard.url,
    async [Symbol.asyncDispose]() {
      await dashboard.stop();
      await shard.shutdown();
      await simulator.close();
    },
  };
}

test('a foreign name is refused with 421, a page of another origin with 403', async () => {
  await using it = await served({ controls: true });
  const { host, port } = new URL(`${it.url}`);
  const tries: [Record<string, string>, number][] = [
    [{}, 200],
    [{ origin: `http://${host}` }, 200],
    [{ host: `localhost:${port}`, origin: `http://localhost:${port}` }, 200],
    [{ host: `LOCALHOST:${port}` }, 200],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: '' }, 403],
    [{ origin: `https://${host}` }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ origin: `http://${host}.evil.example` }, 403],
    [{ host: `evil.example:${port}` }, 421],
    [{ host: `127.0.0.1.evil.example:${port}`, origin: `http://127.0.0.1.evil.example:${port}` }, 421],
  ];
  for (const path of ['/', '/setup', '/events', '/charts/shard.svg', '/page/main.js']) {
    for (const [headers, status] of tries) {
      if (path === '/events' && status === 200) continue;
      expect((await ask(it.url, path, { headers })).status, `${path} ${JSON.stringify(headers)}`).toBe(status);
    }
  }
  for (const [headers, status] of tries.slice(4)) {
    const answer = await post(it.url, '/shards/0/commands/connect', headers);
    expect(answer.status, JSON.stringify(headers)).toBe(status);
  }
  expect(it.shard.state).toBe('Offline');
});

/** Fetch metadata that a browser sends. */
const from = (site: string, mode: string, dest: string) => ({
  'sec-fetch-site': site,
  'sec-fetch-mode': mode,
  'sec-fetch-dest': dest,
});

test('a request from another site is refused even without an Origin header; following a link is allowed', async () => {
  await using it = await served();
  for (const [path, headers, status] of [
    ['/events', from('cross-site', 'no-cors', 'image'), 403],
    ['/events', from('same-site', 'no-cors', 'script'), 403],
    ['/events', from('cross-site', 'navigate', 'document'), 403],
    ['/charts/shard.svg', from('cross-site', 'no-cors', 'image'), 403],
    ['/', from('cross-site', 'no-cors', 'image'), 403],
    ['/', from('cross-site', 'navigate', 'iframe'), 403],
    ['/', from('same-site', 'cors', 'empty'), 403],
    ['/', from('cross-site', 'navigate', 'document'), 200],
    ['/?token=a-token-from-a-link', from('same-site', 'navigate', 'document'), 200],
    ['/', from('none', 'navigate', 'document'), 200],
    ['/setup', from('none', 'navigate', 'document'), 200],
    ['/setup', from('same-origin', 'cors', 'empty'), 200],
  ] as const) {
    expect((await ask(it.url, path, { headers })).status, `${path} ${JSON.stringify(headers)}`).toBe(status);
  }
});

test('a command without this page as its Origin gets 403, one that is not JSON gets 415', async () => {
  await using it = await served({ controls: true });
  const { origin } = new URL(`${it.url}`);
  const path = '/shards/0/commands/connect';
  const json = { 'content-type': 'application/json' };
  const send = (headers: Record<string, string>, body = '{}') => ask(it.url, path, { method: 'POST', headers, body });
  expect((await send(json)).status).toBe(403);
  expect((await send({ origin })).status).toBe(415);
  expect((await send({ origin, 'content-type': 'text/plain' })).status).toBe(415);
  expect((await send({ origin, 'content-type': 'application/jsonx' })).status).toBe(415);
  expect((await send({ origin, ...json }, 'x'.repeat(1_025))).status).toBe(413);
  expect((await send({ origin, ...json, 'transfer-encoding': 'chunked' }, 'x'.repeat(500_000))).status).toBe(413);
  expect((await ask(it.url, path, { headers: { origin, ...json } })).headers['allow']).toBe('POST');
  expect(it.shard.state).toBe('Offline');
  expect((await send({ origin, 'content-type': 'application/json; charset=utf-8' }, '{}')).status).toBe(202);
});

test('every answer has headers that forbid what the page does not need', async () => {
  await using it = await served();
  for (const path of ['/', '/setup', '/charts/shard.svg', '/page/style.css', '/nothing']) {
    const { headers } = await ask(it.url, path);
    expect(headers, path).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
  using viewer = await watching(it.url);
  expect(viewer.response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
});

test('on another address every request needs the token: in the URL, a cookie or a bearer header', async () => {
  await using it = await served({ host: ELSEWHERE });
  const { searchParams, host, port } = new URL(`${it.url}`);
  const token = `${searchParams.get('token')}`;
  expect(host).toBe(`${ELSEWHERE}:${port}`);
  expect(token).toMatch(/^[\w-]{32}$/);
  for (const path of [
    '/',
    '/setup',
    '/events',
    '/charts/shard.svg',
    '/nothing',
    '/setup?token=wrong',
    '/?token=wrong',
  ]) {
    const { status, body, headers } = await ask(it.url, path);
    expect([status, headers['www-authenticate']], path).toEqual([401, 'Bearer']);
    expect(body).not.toContain(token);
  }
  const entered = await ask(it.url, `/?token=${token}`);
  expect([entered.status, entered.headers['location']]).toEqual([303, '/']);
  const [cookie] = entered.headers['set-cookie'] ?? [];
  expect(cookie).toBe(`shardchart-${port}=${token}; HttpOnly; SameSite=Lax; Path=/`);
  const headers = { cookie: `other=1; ${cookie?.split(';')[0]}` };
  expect((await ask(it.url, '/', { headers })).status).toBe(200);
  expect((await ask(it.url, '/setup', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  for (const wrong of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, 'Bearer', `Basic ${token}`, token]) {
    expect((await ask(it.url, '/setup', { headers: { authorization: wrong } })).status, wrong).toBe(401);
  }
  expect((await ask(it.url, '/setup', { headers: { cookie: `shardchart-1=${token}` } })).status).toBe(401);
  // The token alone does not admit another site's page.
  const foreign = { ...headers, origin: 'http://evil.example' };
  expect((await ask(it.url, '/setup', { headers: foreign })).status).toBe(403);
  using viewer = await Viewer.open(it.url, '0', headers);
  await expect.poll(() => viewer.last('shard')).toBeDefined();
});

test('a configured token is needed on the loopback address too, for pages and commands', async () => {
  await using it = await served({ token: TOKEN, controls: true });
  expect(it.url).toContain(`?token=${TOKEN}`);
  const path = '/shards/0/commands/connect';
  expect((await post(it.url, path)).status).toBe(401);
  expect((await post(it.url, `${path}?token=${TOKEN}`)).status).toBe(401);
  expect((await post(it.url, path, { authorization: `Bearer ${TOKEN}` })).status).toBe(202);
});

test('malformed requests get 400, 404, 405, 414 or 431, and other viewers go on', async () => {
  const warn = vi.fn();
  await using it = await served({ controls: true, logger: { debug() {}, info() {}, warn, error: warn } });
  using viewer = await watching(it.url);
  const expected: [path: string, status: number, method?: string][] = [
    ['/nothing', 404],
    ['/page/../../package.json', 404],
    ['/page/%2e%2e/%2e%2e/package.json', 404],
    ['/page/main.js/', 404],
    ['/charts/__proto__.svg', 404],
    ['//evil.example/', 404],
    ['/audit/timeline', 404],
    ['/setup/%', 404],
    ['/events?shard=%', 400],
    ['/events?shard=constructor', 400],
    ['/events?shard=1e3', 400],
    ['/events?shard=12345678901', 400],
    [`/${'x'.repeat(3_000)}`, 414],
    [`/${'x'.repeat(30_000)}`, 431],
    ['/', 405, 'POST'],
    ['/setup', 405, 'DELETE'],
    ['/events', 405, 'PUT'],
    ['/', 405, 'OPTIONS'],
    ['/', 405, 'PATCH'],
    ['/shards/0/commands/connect', 405, 'GET'],
  ];
  for (const [path, status, method = 'GET'] of expected) {
    expect((await ask(it.url, path, { method })).status, `${method} ${path.slice(0, 40)}`).toBe(status);
  }
  for (const path of ['/shards/%/commands/connect', '/shards/0/commands/%E0%A4%A', '/shards/x/commands/connect']) {
    expect((await post(it.url, path)).status, path).toBe(400);
  }
  const { port } = new URL(`${it.url}`);
  for (const bytes of [
    '\u0000\u0001 no HTTP\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\n\r\n',
  ]) {
    const raw = connect(Number(port), '127.0.0.1').on('error', () => {});
    raw.end(bytes);
    await once(raw.resume(), 'close');
  }
  const upgrade = connect(Number(port), '127.0.0.1').on('error', () => {});
  upgrade.end(`GET /setup HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await once(upgrade.resume(), 'close');
  const count = viewer.all('totals').length;
  await expect.poll(() => viewer.all('totals').length, { timeout: 5_000 }).toBeGreaterThan(count);
  expect([viewer.isClosed, warn.mock.calls]).toEqual([false, []]);
});
