import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { DashboardError, serveDashboard, type DashboardOptions } from '../../src/dashboard/index.js';
import { ShardError } from '../../src/index.js';
import { shardOn, simulate } from '../shard/rig.js';
import { countObservers } from '../inspector/rig.js';
import { runProgram } from '../program.js';
import { ask, watching } from './rig.js';

const root = new URL('../../', import.meta.url);

test('GET answers with the page, its scripts and styles, and the pictures of the charts', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using dashboard = serveDashboard(shard);
  expect(dashboard.url).toBeNull();
  await dashboard.ready;
  expect(dashboard.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await ask(dashboard.url, '/');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  // Every file that the page requests exists.
  const asked = [...page.body.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, path = '']) => path);
  expect(asked).toContain('/page/main.js');
  const charts = [
    'lifecycle',
    'shard',
    'heartbeat',
    'bucket',
    'identifyAllowance',
    'identifyQueue',
    'manager',
    'worker',
    'ownership',
  ];
  for (const path of [...asked, ...charts.map((name) => `/charts/${name}.svg`)]) {
    const { status, body } = await ask(dashboard.url, path);
    expect([status, body.length > 0], path).toEqual([200, true]);
  }
  const { headers, body } = await ask(dashboard.url, '/charts/shard.svg');
  expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  expect(body).toBe(readFileSync(new URL('visualizations/shard.svg', root), 'utf8'));
  expect((await ask(dashboard.url, '/page/main.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
  const head = await ask(dashboard.url, '/', { method: 'HEAD' });
  expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', page.headers['content-length']]);
  expect((await ask(dashboard.url, '/events', { method: 'HEAD' })).status).toBe(200);
  expect(dashboard.viewers).toBe(0);
});

test('a port in use rejects `ready` and reaches the logger; the shard keeps no listener', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const observers = countObservers(shard.actor);
  const error = vi.fn();
  const dashboard = serveDashboard(shard, { port, logger: { debug() {}, info() {}, warn() {}, error } });
  const failure = await dashboard.ready.catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(DashboardError);
  expect(failure).toMatchObject({ code: 'PORT_IN_USE', value: port });
  expect(error.mock.calls).toEqual([[expect.stringContaining(`Port ${port} is in use`)]]);
  await dashboard.stop();
  expect([observers(), dashboard.url]).toEqual([0, null]);
  taken.close();
});

test('a host of another machine rejects `ready` with CANNOT_LISTEN', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const dashboard = serveDashboard(shard, {
    host: '203.0.113.1',
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await expect(dashboard.ready).rejects.toMatchObject({ name: 'DashboardError', code: 'CANNOT_LISTEN' });
});

test('stop before `ready` rejects `ready` with CLOSED', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const dashboard = serveDashboard(shard);
  await dashboard.stop();
  await expect(dashboard.ready).rejects.toMatchObject({ code: 'CLOSED' });
  expect(dashboard.url).toBeNull();
});

test('stop ends every connection, and the port is free again', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const dashboard = serveDashboard(shard);
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  const { port } = new URL(`${dashboard.url}`);
  const silent = connect(Number(port), '127.0.0.1').on('error', () => {});
  const isSilentClosed = once(silent.resume(), 'close');
  await once(silent, 'connect');
  viewer.response.pause();
  await dashboard.stop();
  await dashboard.stop();
  await isSilentClosed;
  viewer.response.resume();
  await expect.poll(() => viewer.isClosed).toBe(true);
  await using again = serveDashboard(shard, { port: Number(port) });
  await again.ready;
});

test('invalid options throw INVALID_OPTION at once', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  const observers = countObservers(shard.actor);
  const wrong: [DashboardOptions, string][] = [
    [null as never, 'options'],
    [{ port: -1 }, 'port'],
    [{ port: '80' as never }, 'port'],
    [{ host: '' }, 'host'],
    [{ host: 'a b' }, 'host'],
    [{ host: 7 as never }, 'host'],
    [{ token: 'too short' }, 'token'],
    [{ token: 'with a space in it, which no URL has' }, 'token'],
    [{ autoOpen: 1 as never }, 'autoOpen'],
    [{ controls: 'yes' as never }, 'controls'],
    [{ simulator: {} as never }, 'simulator'],
    [{ logger: {} as never }, 'logger'],
  ];
  for (const [options, name] of wrong) {
    const attempt = () => serveDashboard(shard, options);
    expect(attempt, name).toThrow(ShardError);
    expect(attempt, name).toThrow(`\`${name}\` must be`);
  }
  expect(() => serveDashboard(shard, { token: 'short-secret' })).not.toThrow('short-secret');
  for (const source of [
    null,
    {},
    { id: 1 },
    { shards: new Map() },
    { shards: new Map(), on() {}, off() {} },
    'shard',
  ]) {
    expect(() => serveDashboard(source as never), JSON.stringify(source)).toThrow('`source` must be');
  }
  expect(observers()).toBe(0);
});

test('a dashboard does not keep the process alive, and `stop` still resolves', () => {
  const program = `
    import { serveDashboard } from 'shardchart/dashboard';
    import { createShard } from 'shardchart';
    import { get } from 'node:http';
    const shard = createShard({ token: 'any', intents: 0 });
    const stopped = serveDashboard(shard);
    await stopped.ready;
    await stopped.stop();
    const dashboard = serveDashboard(shard);
    await dashboard.ready;
    await new Promise((resolve) => {
      get(dashboard.url + 'events?shard=0', (response) => {
        response.socket.unref();
        response.once('data', resolve);
      });
    });
    console.log('done');
  `;
  expect(runProgram(program)).toEqual({ stdout: 'done\n', stderr: '', status: 0 });
});
