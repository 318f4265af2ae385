import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createShardManager } from '../../src/index.js';
import { CA, startProxy, startSocks, tlsBefore } from './proxyRig.js';
import { shardOn, silentLogger, simulate, TOKEN, until } from './rig.js';

afterEach(() => vi.unstubAllEnvs());

const noProxy = () => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toLowerCase(), '');
  }
};

describe("agent: 'env'", () => {
  test('HTTP_PROXY: a shard connects and resumes through the tunnel, with the credentials of the URL', async () => {
    await using simulator = await simulate();
    await using proxy = await startProxy();
    noProxy();
    vi.stubEnv('HTTP_PROXY', proxy.url.replace('//', '//me:p%40ss@'));
    await using shard = shardOn(simulator, { agent: 'env' });
    await shard.connect();
    simulator.reset();
    await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
    const target = new URL(simulator.url).host;
    const credentials = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(proxy.asked).toEqual([
      { target, credentials },
      { target, credentials },
    ]);
  });

  test('HTTPS_PROXY and a server with a CA of its own: TLS inside of the tunnel', async () => {
    await using simulator = await simulate();
    await using server = await tlsBefore(Number(new URL(simulator.url).port));
    await using proxy = await startProxy();
    noProxy();
    vi.stubEnv('https_proxy', proxy.url);
    await using shard = shardOn(simulator, { agent: 'env', url: `wss://localhost:${server.port}`, tls: { ca: CA } });
    await shard.connect();
    expect(proxy.asked).toEqual([{ target: `localhost:${server.port}`, credentials: undefined }]);
  });

  test('NO_PROXY names the host: no tunnel', async () => {
    await using simulator = await simulate();
    await using proxy = await startProxy();
    noProxy();
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'example.com, 127.0.0.1');
    await using shard = shardOn(simulator, { agent: 'env' });
    await shard.connect();
    expect(proxy.asked).toEqual([]);
  });

  test('a manager: GET /gateway/bot goes through the tunnel too', async () => {
    await using simulator = await simulate();
    await using proxy = await startProxy();
    noProxy();
    vi.stubEnv('ALL_PROXY', proxy.url);
    await using manager = createShardManager({
      token: TOKEN,
      intents: 1,
      api: simulator.apiUrl,
      logger: silentLogger,
      options: { agent: 'env' },
    });
    await manager.connect();
    expect(proxy.asked).toHaveLength(2);
  });

  test.each([
    [407, 'wants a user and a password (HTTP 407)'],
    [403, 'refused the tunnel (HTTP 403)'],
  ])(
    'a proxy that answers %d: PROXY_FAILED with advice and without the password, and it is tried again',
    async (status, says) => {
      await using simulator = await simulate();
      await using proxy = await startProxy(status);
      noProxy();
      vi.stubEnv('HTTP_PROXY', proxy.url.replace('//', '//me:hunter2secret@'));
      await using shard = shardOn(simulator, { agent: 'env' });
      const errors: unknown[] = [];
      shard.on('disconnected', ({ error }) => errors.push(error));
      shard.connect().catch(() => {});
      await until(() => errors.length >= 2);
      expect(errors[0]).toMatchObject({ code: 'PROXY_FAILED', message: expect.stringContaining(says) });
      expect(inspect([errors, shard.history], { depth: 9 })).not.toContain('hunter2secret');
    },
  );

  test('a proxy that cannot be reached: PROXY_FAILED names its host and port', async () => {
    await using simulator = await simulate();
    noProxy();
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    await using shard = shardOn(simulator, { agent: 'env' });
    const errors: unknown[] = [];
    shard.on('disconnected', ({ error }) => errors.push(error));
    shard.connect().catch(() => {});
    await until(() => errors.length >= 1);
    expect(errors[0]).toMatchObject({ code: 'PROXY_FAILED', value: '127.0.0.1:9' });
  });
});

describe('a connection', () => {
  test('an agent of node:http: it is used', async () => {
    await using simulator = await simulate();
    const agent = new Agent();
    const used = vi.spyOn(agent, 'addRequest' as never);
    await using shard = shardOn(simulator, { agent });
    await shard.connect();
    expect(used).toHaveBeenCalledOnce();
    agent.destroy();
  });

  test('an agent of https-proxy-agent: TLS through the tunnel, also for the resume', async () => {
    await using simulator = await simulate();
    await using server = await tlsBefore(Number(new URL(simulator.url).port));
    await using proxy = await startProxy();
    const agent = new HttpsProxyAgent(proxy.url);
    await using shard = shardOn(simulator, { agent, url: `wss://localhost:${server.port}`, tls: { ca: CA } });
    await shard.connect();
    simulator.reset();
    await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
    expect(proxy.asked.map(({ target }) => target)).toEqual(Array(2).fill(`localhost:${server.port}`));
  });

  test('an agent of socks-proxy-agent: a shard connects through SOCKS5', async () => {
    await using simulator = await simulate();
    await using proxy = await startSocks();
    await using shard = shardOn(simulator, { agent: new SocksProxyAgent(proxy.url) });
    await shard.connect();
    expect(proxy.asked.map(({ target }) => target)).toEqual([new URL(simulator.url).host]);
  });

  test('tls.ca: a server with a CA of its own is trusted; without it the connection fails', async () => {
    await using simulator = await simulate();
    await using server = await tlsBefore(Number(new URL(simulator.url).port));
    const url = `wss://localhost:${server.port}`;
    await using trusting = shardOn(simulator, { url, tls: { ca: CA } });
    await trusting.connect();
    await using other = shardOn(simulator, { url });
    const errors: (Error | null)[] = [];
    other.on('disconnected', ({ error }) => errors.push(error));
    other.connect().catch(() => {});
    await until(() => errors.length > 0);
    expect(errors[0]?.message).toMatch(/certificate/);
  });

  test('a proxy that answers CONNECT with 204: the tunnel is open', async () => {
    await using simulator = await simulate();
    await using proxy = await startProxy(204);
    noProxy();
    vi.stubEnv('HTTP_PROXY', proxy.url);
    await using shard = shardOn(simulator, { agent: 'env' });
    await shard.connect();
    expect(proxy.asked).toHaveLength(1);
  });

  test('a proxy that does not answer CONNECT: a shutdown ends the connection to it', async () => {
    const open = new Set<Socket>();
    const server = createServer().on('connect', (_, socket: Socket) => {
      open.add(socket);
      socket.on('error', () => {}).resume();
      for (const over of ['end', 'close']) socket.once(over, () => open.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    noProxy();
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await using simulator = await simulate();
    const shard = shardOn(simulator, { agent: 'env', timeouts: { handshake: 60_000 } });
    shard.connect().catch(() => {});
    await until(() => open.size === 1);
    await shard.shutdown();
    await until(() => open.size === 0);
    server.close();
  });

  test('headers and localAddress: the upgrade request has them, and comes from there', async () => {
    await using simulator = await simulate();
    const server = createServer();
    const upgrade = once(server, 'upgrade') as Promise<[IncomingMessage, Socket]>;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using shard = shardOn(simulator, { url, headers: { 'X-Team': 'seven' }, localAddress: '127.0.0.3' });
    shard.connect().catch(() => {});
    const [{ headers }, socket] = await upgrade;
    expect(headers).toMatchObject({ 'x-team': 'seven', upgrade: 'websocket' });
    expect(socket.remoteAddress).toBe('127.0.0.3');
    socket.destroy();
    server.close();
  });

  test.each(['wasm', 'zlib-sync', 'minizlib'] as const)('zlib: %s inflates what the gateway sends', async (zlib) => {
    await using simulator = await simulate();
    await using shard = shardOn(simulator, { zlib });
    const heard: unknown[] = [];
    shard.on('TYPING_START', (data) => heard.push(data));
    await shard.connect();
    simulator.dispatch('TYPING_START', { number: 1 });
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ number: 1 }]);
  });

  test('a manager with fetch: it asks GET /gateway/bot, with the token', async () => {
    await using simulator = await simulate();
    const asked: string[] = [];
    await using manager = createShardManager({
      token: TOKEN,
      intents: 1,
      api: simulator.apiUrl,
      logger: silentLogger,
      fetch: (url, init) => {
        asked.push(`${url} ${init.headers['Authorization'] === `Bot ${TOKEN}`}`);
        return fetch(url, init);
      },
    });
    await manager.connect();
    expect(asked).toEqual([`${simulator.apiUrl}/gateway/bot true`]);
  });

  test.each([
    ['agent', { agent: 'proxy' }],
    ['agent', { agent: {} }],
    ['headers', { headers: { a: 1 } }],
    ['tls', { tls: 'ca' }],
    ['localAddress', { localAddress: 7 }],
  ])('%s as %j is refused with INVALID_OPTION', async (name, options) => {
    await using simulator = await simulate();
    expect(() => shardOn(simulator, options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${name}\``) }),
    );
  });
});
