import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createGatewaySimulator, SimulatorError, type SimulatorOptions } from '../../src/simulator/index.js';
import { connected, eventually, identified, RawClient, simulate } from './rawClient.js';

describe('a simulator', () => {
  test('without options listens on a free port of 127.0.0.1', async () => {
    const simulator = await simulate();
    expect(simulator.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    expect(simulator.apiUrl).toBe(`${simulator.url.replace('ws', 'http')}/api/v10`);
    expect(simulator.resumeUrl).toBe(`${simulator.url}/resume`);
  });

  test('closed twice ends every connection, frees its port, and a second simulator on it fails with LISTEN_FAILED', async () => {
    const simulator = await simulate({ script: [{ at: 'upgrade', after: 1, hang: true }] });
    const { client } = await identified(simulator);
    simulator.silence();
    simulator.ignoreClose();
    const hanging = new RawClient(simulator.url);
    await Promise.all([simulator.close(), simulator.close()]);
    await client.ended();
    await hanging.ended();
    const port = Number(new URL(simulator.url).port);
    const next = await simulate({ port });
    await connected(next);
    await expect(createGatewaySimulator({ port })).rejects.toMatchObject({ code: 'LISTEN_FAILED', value: port });
  });

  test('closed with pending faults, waits and half-open connections leaves no active resource', async () => {
    const before = process.getActiveResourcesInfo().length;
    const simulator = await simulate();
    const { client } = await identified(simulator);
    await identified(simulator, { shard: [1, 2] });
    simulator.next({ at: 'heartbeat', delay: 600_000 });
    client.send(1, 1);
    simulator.ignoreClose(0);
    simulator.closeWith(4000, undefined, 1);
    simulator.waitForFrame(() => false, { timeout: 600_000 }).catch(() => {});
    await simulator.close();
    await eventually(() => process.getActiveResourcesInfo().length <= before);
  });

  test('declared with `await using` frees its port at the end of the scope', async () => {
    let url = '';
    {
      await using simulator = await createGatewaySimulator();
      ({ url } = simulator);
    }
    const port = Number(new URL(url).port);
    await new Promise<void>((resolve, reject) => {
      const server = createServer().once('error', reject);
      server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
    });
  });

  test('dispatch reaches 50 connections in order', async () => {
    const simulator = await simulate({ maxConcurrency: 50 });
    const clients = await Promise.all(
      Array.from({ length: 50 }, async (_, id) => (await identified(simulator, { shard: [id, 50] })).client),
    );
    for (let n = 0; n < 100; n++) expect(simulator.dispatch('N', { n })).toBe(50);
    for (const client of clients) {
      await client.op(0, 100);
      expect(client.dispatches.map(([, s]) => s)).toEqual(Array.from({ length: 100 }, (_, n) => n + 2));
    }
    expect(simulator.violations).toEqual([]);
  });

  test.each(['a name that is empty', 1n])('dispatch of %s throws INVALID_ARGUMENT', async (d) => {
    const simulator = await simulate();
    expect(() => simulator.dispatch(typeof d === 'string' ? '' : 'T', d)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('an invalid option', () => {
  test.each([
    ['port', 65_536],
    ['host', ''],
    ['heartbeatInterval', 0],
    ['heartbeatSlack', -1],
    ['shards', 0],
    ['maxConcurrency', 0],
    ['identifyWindow', -1],
    ['identifyTolerance', Number.NaN],
    ['sessionStartLimit', { total: 1, remaining: 2 }],
    ['sendLimit', 0],
    ['sendWindow', '60s'],
    ['sessionTimeout', Infinity],
    ['maxReplay', 1.5],
    ['allowedIntents', -1],
    ['disallowedIntents', 'all'],
    ['requireSharding', 1],
    ['guilds', [{ id: 'x', name: 'no snowflake' }]],
    ['user', { id: '1' }],
    ['splitFrames', 0],
    ['record', 'no'],
    ['maxFrames', 0],
    ['now', 0],
    ['intervall', 5],
  ])('%s: %j is refused with INVALID_OPTION and its name', async (name, value) => {
    const error: unknown = await createGatewaySimulator({ [name]: value } as SimulatorOptions).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(SimulatorError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${name}\``) });
  });

  test.each(['', 'Bot secret'])('token "%s" is refused with INVALID_OPTION, without its value', async (token) => {
    await expect(createGatewaySimulator({ token })).rejects.toMatchObject({ code: 'INVALID_OPTION', value: undefined });
  });

  test('an option of undefined has its default', async () => {
    const simulator = await simulate({ heartbeatInterval: undefined, token: undefined } as unknown as SimulatorOptions);
    expect((await (await connected(simulator)).hello()).d.heartbeat_interval).toBe(41_250);
  });
});
