import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { fetchGatewayInfo, type GatewayInfoOptions } from '../../src/index.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { until } from '../shard/rig.js';

const TOKEN = 'no.real.token.but.one.that.no.error.may.show';

const info = {
  url: 'wss://gateway.example',
  shards: 3,
  session_start_limit: { total: 1_000, remaining: 12, reset_after: 5_000, max_concurrency: 2 },
};

type Answer = (...args: Parameters<RequestListener>) => unknown;

const answer =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
const ok = answer(200, info);
const hang: Answer = () => {};
const cut: Answer = (request) => request.socket.resetAndDestroy();
const tear: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': '500' }).write('{"url":');
  setTimeout(() => response.destroy(), 5);
};

const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => void (await Promise.all(ends.map((end) => end()))));

/** A server that gives these answers in order, and repeats the last. */
async function serve(...answers: Answer[]) {
  const requests: { at: number; request: IncomingMessage }[] = [];
  const server = createServer((request, response) => {
    requests.push({ at: performance.now(), request });
    answers[Math.min(requests.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, requests };
}

/** The error of a failed call, which never contains the token. */
async function failure(options: GatewayInfoOptions): Promise<Error & { code?: string; value?: unknown }> {
  const error = await fetchGatewayInfo(TOKEN, options).then(
    () => expect.unreachable('fetchGatewayInfo did not fail'),
    (reason: unknown) => reason as Error,
  );
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  return error;
}

describe('the simulator’s API', () => {
  test('answers with the URL, the shards and the budget', async () => {
    await using simulator = await createGatewaySimulator({ token: TOKEN, shards: 5, maxConcurrency: 16, now: () => 0 });
    expect(await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl })).toEqual({
      url: simulator.url,
      shards: 5,
      session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 86_400_000, max_concurrency: 16 },
    });
  });

  test('answers a wrong token with 401: UNAUTHORIZED at once, with advice', async () => {
    await using simulator = await createGatewaySimulator({ token: 'another' });
    expect(await failure({ api: simulator.apiUrl })).toMatchObject({
      name: 'GatewayInfoError',
      code: 'UNAUTHORIZED',
      value: 401,
      message: expect.stringContaining('Developer Portal') as string,
    });
    expect(simulator.log.filter(({ kind }) => kind === 'api')).toHaveLength(1);
  });

  test('answers 429, 503 and a reset: asked a fourth time', async () => {
    await using simulator = await createGatewaySimulator({
      script: [
        { at: 'api', refuse: 429, retryAfter: 0.2 },
        { at: 'api', refuse: 503 },
        { at: 'api', reset: true },
      ],
    });
    expect(await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl })).toMatchObject({ shards: 1 });
    expect(simulator.log.filter(({ kind }) => kind === 'api')).toMatchObject([
      { outcome: 429 },
      { outcome: 503 },
      { outcome: 'reset' },
      { outcome: 200 },
    ]);
  });
});

test('sends GET /gateway/bot with the token and the user agent of this version', async () => {
  const { api, requests } = await serve(ok);
  expect(await fetchGatewayInfo(TOKEN, { api: `${api}/` })).toEqual(info);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(requests[0]?.request).toMatchObject({
    method: 'GET',
    url: '/api/gateway/bot',
    headers: {
      authorization: `Bot ${TOKEN}`,
      'user-agent': `DiscordBot (https://www.npmjs.com/package/shardchart, ${version})`,
    },
  });
});

test('returns unknown fields of the answer too', async () => {
  const { api } = await serve(answer(200, { ...info, new_field: 1 }));
  expect(await fetchGatewayInfo(TOKEN, { api })).toEqual({ ...info, new_field: 1 });
});

describe.concurrent('asks again after', () => {
  test.each([
    ['a 429 with Retry-After in its header', answer(429, '', { 'retry-after': '1' }), 1_000],
    ['a 429 with retry_after in its body', answer(429, { retry_after: 0.7, global: false }), 700],
    ['a 429 with both, the longer one', answer(429, { retry_after: 0.8 }, { 'retry-after': '0' }), 800],
    ['a 429 with neither', answer(429, '<html>'), 0],
    ['a 429 with a negative and an unreadable wait', answer(429, { retry_after: -3 }, { 'retry-after': 'soon' }), 0],
    ['a 503 with Retry-After', answer(503, '', { 'retry-after': '0.6' }), 600],
    ['a 500', answer(500, 'oops'), 0],
    ['a connection that was reset', cut, 0],
    ['an answer that ends in the middle', tear, 0],
  ])('%s', async (_, first, waitMs) => {
    const { api, requests } = await serve(first, ok);
    expect(await fetchGatewayInfo(TOKEN, { api })).toEqual(info);
    const [before, after] = requests.map(({ at }) => at);
    expect((after ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(waitMs - 5);
    expect(requests).toHaveLength(2);
  });

  test('a Retry-After that is a date', async () => {
    const date = new Date(Date.now() + 2_000).toUTCString();
    const { api, requests } = await serve(answer(429, '', { 'retry-after': date }), ok);
    await fetchGatewayInfo(TOKEN, { api });
    expect((requests[1]?.at ?? 0) - (requests[0]?.at ?? 0)).toBeGreaterThan(500);
  });

  test('a hang, for a third of `timeout`', async () => {
    const { api, requests } = await serve(hang, ok);
    expect(await fetchGatewayInfo(TOKEN, { api, timeout: 6_000 })).toEqual(info);
    expect(requests).toHaveLength(2);
  });

  test('several failures in a row', async () => {
    const { api, requests } = await serve(answer(500), cut, answer(502), ok);
    expect(await fetchGatewayInfo(TOKEN, { api })).toEqual(info);
    expect(requests).toHaveLength(4);
  });
});

describe.concurrent('gives up', () => {
  test.each([
    ['500s', answer(500), 500, 'status 500'],
    ['a hang', hang, null, 'no answer in'],
    ['a connection that is cut', cut, null, 'fetch failed: '],
  ])('after nothing but %s for `timeout`', async (_, always, value, message) => {
    const { api } = await serve(always);
    const start = performance.now();
    const error = await failure({ api, timeout: 3_000 });
    expect(performance.now() - start).toBeLessThan(12_000);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', value });
    expect(error.message).toContain(message);
    expect(error.message).toContain(`${api}/gateway/bot was asked`);
  });

  test('at once when Retry-After is longer than `timeout`, with the wait in the message', async () => {
    const { api, requests } = await serve(answer(429, '', { 'retry-after': '3600' }), ok);
    const error = await failure({ api });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', value: 429 });
    expect(error.message).toContain('Ask again in 3600 s.');
    expect(requests).toHaveLength(1);
  });

  test('when no server listens', async () => {
    const error = await failure({ api: 'http://127.0.0.1:9', timeout: 100 });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', value: null });
  });

  test.each([
    ['that is not JSON', '<html>hello</html>'],
    ['that shows the token', `your token is ${TOKEN}`],
    ['that is empty', ''],
    ['without limits', { url: info.url, shards: 1 }],
    ['with an https URL', { ...info, url: 'https://discord.com' }],
    ['with no shards', { ...info, shards: 0 }],
    ['with a budget of text', { ...info, session_start_limit: { ...info.session_start_limit, remaining: '9' } }],
    [
      'with a max_concurrency of 0',
      { ...info, session_start_limit: { ...info.session_start_limit, max_concurrency: 0 } },
    ],
  ])('at an answer %s', async (_, body) => {
    const { api, requests } = await serve(answer(200, body));
    expect(await failure({ api })).toMatchObject({ code: 'INVALID_ANSWER', value: 200 });
    expect(requests).toHaveLength(1);
  });

  test.each([401, 403, 404, 400])('at a %i', async (status) => {
    const { api, requests } = await serve(answer(status, `not with ${TOKEN}`));
    expect(await failure({ api })).toMatchObject({ code: status === 401 ? 'UNAUTHORIZED' : 'REFUSED', value: status });
    expect(requests).toHaveLength(1);
  });

  test('at a redirect, which never gets the token', async () => {
    const thief = await serve(ok);
    const { api } = await serve(answer(302, '', { location: thief.api }));
    const error = await failure({ api });
    expect(error).toMatchObject({ code: 'REFUSED', value: 302 });
    expect(error.message).toContain(thief.api);
    expect(thief.requests).toEqual([]);
  });
});

describe('a signal', () => {
  const reason = new Error('the bot goes down');

  test.each([
    ['before the request', 0, ok],
    ['during the request', 1, hang],
    ['during Retry-After', 1, answer(429, '', { 'retry-after': '20' })],
  ])('aborted %s rejects with its reason', async (_, asked, always) => {
    const { api, requests } = await serve(always);
    const abort = new AbortController();
    if (asked === 0) abort.abort(reason);
    const fetching = failure({ api, signal: abort.signal });
    await until(() => requests.length === asked);
    abort.abort(reason);
    expect(await fetching).toBe(reason);
    expect(requests).toHaveLength(asked);
  });
});

describe('a wrong option is refused:', () => {
  test.each([
    ['no token', ''],
    ['a prefix', `Bot ${TOKEN}`],
    ['a line end', `${TOKEN}\n`],
    ['a character no header takes', `${TOKEN}…`],
    ['the wrong type', [TOKEN]],
  ])('a token with %s', async (_, token) => {
    const error = await fetchGatewayInfo(token as string).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ShardError', code: 'INVALID_OPTION' });
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  });

  test.each([
    { api: 'discord.com' },
    { api: 'ws://gateway' },
    { api: `https://x:${TOKEN}@discord.com` },
    { api: 'https://discord.com/api?x' },
    { api: 5 as unknown as string },
    { timeout: 0 },
    { timeout: NaN },
    { timeout: TOKEN as unknown as number },
  ])('%o', async (options) => {
    expect(await failure(options)).toMatchObject({ name: 'ShardError', code: 'INVALID_OPTION' });
  });
});
