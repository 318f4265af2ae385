import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdentifyLimiter, fetchGatewayInfo, type GatewayInfo } from '../../src/index.js';
import { GatewayRefresh } from '../../src/manager/gatewayRefresh.js';
import { simulate, TOKEN, until } from '../shard/rig.js';
import { managed, managerOn, recordingLogger } from './rig.js';

const refreshOf = (ask: (signal: AbortSignal) => Promise<void>) => {
  const { lines, logger } = recordingLogger();
  return { lines, refresh: new GatewayRefresh({ ask, logger }) };
};

describe('GET /gateway/bot is asked again', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('at most once a minute, however often it is wanted', async () => {
    let asked = 0;
    const { refresh } = refreshOf(async () => void (asked += 1));
    for (let second = 0; second < 120; second += 1) {
      await refresh.request();
      vi.advanceTimersByTime(1_000);
    }
    expect(asked).toBe(2);
  });

  test('after a failure too, which is a warning', async () => {
    let asked = 0;
    const { refresh, lines } = refreshOf(() => Promise.reject(new Error(`no answer ${(asked += 1)}`)));
    await refresh.request();
    vi.advanceTimersByTime(60_000);
    await refresh.request();
    expect(lines.warn).toMatchObject(
      [/stays in use: no answer 1/, /stays in use: no answer 2/].map((text) => expect.stringMatching(text) as string),
    );
  });

  test('no more once it is stopped; the request under way ends without a log line', async () => {
    const signals: AbortSignal[] = [];
    const { refresh, lines } = refreshOf(
      (signal) =>
        new Promise((_, reject) => {
          signals.push(signal);
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
    );
    const asking = refresh.request();
    refresh.stop();
    await asking;
    vi.advanceTimersByTime(60_000);
    await refresh.request();
    expect([signals.map(({ aborted }) => aborted), lines.warn]).toEqual([[true], []]);
  });
});

/** An API whose answers to GET /gateway/bot follow each other; the last one stays. */
async function apiOf(...answers: readonly GatewayInfo[]) {
  let asked = 0;
  const server = createServer((_, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { api: `http://127.0.0.1:${port}`, asked: () => asked, close: () => server.close() };
}

const NOWHERE = 'ws://127.0.0.1:1';

describe.concurrent('a manager', () => {
  test(
    'whose first URL refuses connections asks GET /gateway/bot again, and connects to the URL of the new answer',
    // The newer answer has the simulator's own number: both shards may identify at once then.
    managed({ simulator: { maxConcurrency: 4 } }, async ({ simulator }) => {
      const info = await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl });
      const limit = { ...info.session_start_limit, remaining: 500 };
      const before = { ...info, url: NOWHERE, session_start_limit: { ...limit, max_concurrency: 1 } };
      const { api, asked, close } = await apiOf(before, { ...info, session_start_limit: limit });
      const { lines, logger } = recordingLogger();
      const manager = managerOn(simulator, { api, total: 2, logger });
      await manager.connect();
      expect(asked()).toBe(2);
      expect(manager.controller).toMatchObject({ remaining: 498, concurrency: 4 });
      expect(lines.info.join('\n')).toContain(`names another URL now: ${simulator.url}`);
      await manager.shutdown();
      close();
    }),
  );

  test.each([
    ['a URL of its own', (url: string) => ({ url })],
    ['gatewayInfo', (url: string, info: GatewayInfo) => ({ gatewayInfo: { ...info, url } })],
  ])('with %s does not ask again when it refuses connections', (_, optionsOf) =>
    managed({}, async ({ simulator }) => {
      const info = await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl });
      const { api, asked, close } = await apiOf(info);
      const manager = managerOn(simulator, { api, total: 1, ...optionsOf(NOWHERE, info) });
      const ended = manager.connect().catch((error: unknown) => error);
      let failures = 0;
      manager.on('disconnected', () => (failures += 1));
      await until(() => failures > 2);
      const before = asked();
      await until(() => failures > 4);
      expect([before <= 1, asked() - before]).toEqual([true, 0]);
      await manager.shutdown();
      expect(await ended).toMatchObject({ code: 'CLOSED' });
      close();
    })(),
  );

  test('asks again when a spent day is renewed: what other processes have used of the new day is not its own', async () => {
    const simulator = await simulate({});
    const info = await fetchGatewayInfo(TOKEN, { api: simulator.apiUrl });
    const spent = { total: 1_000, remaining: 0, reset_after: 600, max_concurrency: 1 };
    const next = { ...spent, remaining: 40, reset_after: 3_600_000 };
    const { api, asked, close } = await apiOf(
      { ...info, session_start_limit: spent },
      { ...info, session_start_limit: next },
    );
    const manager = managerOn(simulator, { api, total: 1 });
    const seen: string[] = [];
    manager.on('exhausted', () => seen.push('exhausted'));
    manager.on('renewed', () => seen.push('renewed'));
    await manager.connect();
    await until(() => asked() === 2);
    await until(() => (manager.controller?.remaining ?? 0) <= 40);
    expect(seen).toEqual(['exhausted', 'renewed']);
    await manager.shutdown();
    close();
    await simulator.close();
  });
});

test('a newer answer with another max_concurrency lets shards of other keys identify at once', async () => {
  const limiter = createIdentifyLimiter({ window: 60_000 });
  const { signal } = new AbortController();
  await (await limiter.acquire(0, { signal })).commit();
  const second = limiter.acquire(1, { signal });
  expect(limiter.waiting).toBe(1);
  limiter.tellBudget({ total: 1_000, remaining: 900, reset_after: 3_600_000, max_concurrency: 2 });
  expect(await (await second).commit()).toBe(true);
  expect(() =>
    limiter.tellBudget({ total: 1_000, remaining: 900, reset_after: 3_600_000, max_concurrency: 0 }),
  ).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
