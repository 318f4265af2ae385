import { request } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiRequest, ApiRoute } from '../../src/simulator/index.js';
import { eventually, identified, simulate } from './rawClient.js';

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: 'Bot secret', ...headers },
  });

/** A simulator whose `api` keeps each request and answers with `route`. */
async function withRoute(route: ApiRoute) {
  const requests: ApiRequest[] = [];
  const simulator = await simulate({
    token: 'secret',
    api: (request) => {
      requests.push(request);
      return route(request);
    },
  });
  return { simulator, requests };
}

describe('the HTTP API', () => {
  test('GET /gateway/bot returns the URL, the recommended shards and the remaining budget', async () => {
    const simulator = await simulate({ shards: 3, maxConcurrency: 16, now: () => 0 });
    await identified(simulator);
    const response = await fetch(`${simulator.apiUrl}/gateway/bot`, { headers: { Authorization: 'Bot any' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      url: simulator.url,
      shards: 3,
      session_start_limit: { total: 1_000, remaining: 999, reset_after: 86_400_000, max_concurrency: 16 },
    });
  });

  test('GET /gateway without a token returns the URL', async () => {
    const simulator = await simulate();
    expect(await (await fetch(`${simulator.apiUrl}/gateway`)).json()).toEqual({ url: simulator.url });
  });

  test.each([{}, { Authorization: 'secret' }, { Authorization: 'Bot other' }, { Authorization: 'Bot ' }])(
    'GET /gateway/bot with the headers %j is answered with 401',
    async (headers: Record<string, string>) => {
      const simulator = await simulate({ token: 'secret' });
      const response = await fetch(`${simulator.apiUrl}/gateway/bot`, { headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ message: '401: Unauthorized', code: 0 });
    },
  );

  test('an unknown path is answered with 404, another method with 405', async () => {
    const simulator = await simulate();
    expect((await fetch(`${simulator.apiUrl}/users/@me`)).status).toBe(404);
    expect((await fetch(`${simulator.apiUrl}/gateway`, { method: 'POST' })).status).toBe(405);
  });

  test('a request line that is not a URL is answered with 404', async () => {
    const simulator = await simulate();
    const port = Number(new URL(simulator.url).port);
    const status = await new Promise((resolve) => {
      request({ port, host: '127.0.0.1', path: '//' }, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(404);
  });

  test('faults at `api` refuse with 429, reset, delay and hang', async () => {
    const simulator = await simulate({
      script: [
        { at: 'api', refuse: 429, retryAfter: 1.5 },
        { at: 'api', reset: true },
        { at: 'api', delay: 50 },
        { at: 'api', hang: true },
      ],
    });
    const url = `${simulator.apiUrl}/gateway`;
    const limited = await fetch(url);
    expect(limited.status).toBe(429);
    expect(limited.headers.get('retry-after')).toBe('1.5');
    expect(await limited.json()).toEqual({ message: 'You are being rate limited.', retry_after: 1.5, global: false });
    await expect(fetch(url)).rejects.toThrow();
    const startedAt = performance.now();
    expect((await fetch(url)).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    const abort = new AbortController();
    const hanging = expect(fetch(url, { signal: abort.signal })).rejects.toThrow();
    await eventually(() => simulator.log.at(-1)?.kind === 'api' && simulator.log.length === 8);
    abort.abort();
    await hanging;
    expect(simulator.log.filter(({ kind }) => kind === 'api')).toMatchObject([
      { outcome: 429, path: '/api/v10/gateway' },
      { outcome: 'reset' },
      { outcome: 200 },
      { outcome: 'hang' },
    ]);
  });
});

describe('the option `api`', () => {
  test('gets method, path, query, headers and body, and no token', async () => {
    const { simulator, requests } = await withRoute(() => ({ body: { id: '1' } }));
    const response = await post(`${simulator.apiBase}/v10/channels/7/messages?wait=true`, { content: 'pong' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ id: '1' });
    expect(requests).toMatchObject([
      { method: 'POST', path: '/channels/7/messages', query: { wait: 'true' }, body: { content: 'pong' } },
    ]);
    expect(requests[0]?.headers).toHaveProperty('content-type', 'application/json');
    expect(JSON.stringify(requests)).not.toContain('secret');
    expect(simulator.log).toMatchObject([
      { kind: 'api', method: 'POST', path: '/api/v10/channels/7/messages', outcome: 200 },
    ]);
  });

  test('that returns undefined answers 404, without a body 204, with a status that status', async () => {
    const answers: Record<string, ReturnType<ApiRoute>> = {
      '/nothing': Promise.resolve({}),
      '/created': { status: 201, headers: { 'x-one': '1' }, body: [] },
    };
    const { simulator } = await withRoute(({ path }) => answers[path]);
    expect((await fetch(`${simulator.apiUrl}/unknown`)).status).toBe(404);
    expect((await fetch(`${simulator.apiUrl}/nothing`)).status).toBe(204);
    const created = await fetch(`${simulator.apiUrl}/created`);
    expect([created.status, created.headers.get('x-one'), await created.json()]).toEqual([201, '1', []]);
  });

  test('gets bytes where the body is no JSON, and null without a body', async () => {
    const { simulator, requests } = await withRoute(() => ({}));
    await fetch(`${simulator.apiUrl}/a`, { method: 'PUT', body: 'text' });
    await fetch(`${simulator.apiUrl}/b`, { method: 'PUT', body: '{', headers: { 'content-type': 'application/json' } });
    await fetch(`${simulator.apiUrl}/c`, { method: 'DELETE' });
    expect(requests.map(({ body }) => body)).toEqual([Buffer.from('text'), Buffer.from('{'), null]);
  });

  test('is not asked for a wrong token, nor for the routes of the gateway', async () => {
    const { simulator, requests } = await withRoute(() => ({}));
    expect((await post(`${simulator.apiUrl}/channels/7/messages`, {}, { authorization: 'Bot other' })).status).toBe(
      401,
    );
    expect((await fetch(`${simulator.apiUrl}/gateway`)).status).toBe(200);
    expect(requests).toEqual([]);
  });

  test.each<[string, ApiRoute, string]>([
    [
      'throws',
      () => {
        throw new Error('no such channel');
      },
      'no such channel',
    ],
    ['rejects', () => Promise.reject(new Error('no such channel')), 'no such channel'],
    ['returns a message instead of an answer', () => ({ id: '1' }) as never, 'the answer has id'],
    ['returns a status that is none', () => ({ status: 1 }), '`status`'],
  ])('that %s answers 500 and warns, and the gateway stays up', async (_name, route, reason) => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => emitWarning.mockRestore());
    const { simulator } = await withRoute(route);
    const url = `${simulator.apiUrl}/interactions/1/secret-of-the-interaction/callback`;
    expect((await post(url, {})).status).toBe(500);
    expect(emitWarning).toHaveBeenCalledOnce();
    const [warning] = emitWarning.mock.calls[0] ?? [];
    expect(warning).toContain('POST /api/v10/interactions/1/[redacted]/callback');
    expect(warning).toContain(reason);
    expect(JSON.stringify(simulator.log)).not.toContain('secret-of-the-interaction');
    await identified(simulator, { token: 'secret' });
  });

  test('that is not a function is refused', async () => {
    await expect(simulate({ api: 'http://127.0.0.1' as never })).rejects.toThrow('`api` must be a function');
  });
});
