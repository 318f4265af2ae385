import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { eventually, identified, simulate } from './rawClient.js';

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
