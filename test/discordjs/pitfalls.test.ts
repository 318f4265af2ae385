import { setTimeout } from 'node:timers/promises';
import { DefaultWebSocketManagerOptions, Status } from 'discord.js';
import { describe, expect, test, vi } from 'vitest';
import { shardchartStrategy } from '../../src/discordjs/index.js';
import { createMemorySessionStore, type ShardManager } from '../../src/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { TOKEN } from '../shard/rig.js';
import { bot, GUILD, next, opsOf, sentBy, unhandledRejections } from './rig.js';

const isGone = ({ connections }: GatewaySimulator) => connections.every(({ open }) => !open);

describe('discord.js reads within an event what came before it', () => {
  test('at hello a shard without a session is Identifying, and one with a session is Resuming', async () => {
    const seen: (number | undefined)[] = [];
    const onManager = (manager: ShardManager) => manager.on('hello', () => seen.push(client.ws.shards.get(0)?.status));
    const { client, simulator, up } = await bot({ strategy: { onManager } });
    await up();
    const resumed = next(client, 'shardResume');
    simulator.reset();
    await resumed;
    expect(seen).toEqual([Status.Identifying, Status.Resuming]);
  });

  test('RESUMED comes with its session: shardResume counts the two missed dispatches', async () => {
    const { client, simulator, up } = await bot();
    await up();
    const resumed = next(client, 'shardResume');
    simulator.reset();
    simulator.dispatch('TYPING_START', {});
    simulator.dispatch('TYPING_START', {});
    expect(await resumed).toEqual([0, 2]);
  });

  test('op 9 false: the client has no session while it identifies again, and its guilds afterwards', async () => {
    const { client, simulator, up } = await bot();
    await up();
    const ready = next(client, 'shardReady');
    simulator.invalidateSession(false);
    await ready;
    expect(opsOf(simulator)).toEqual([2, 2]);
    expect([...client.guilds.cache.keys()]).toEqual([GUILD.id]);
  });
});

describe('errors and promises of a bot', () => {
  test('what a listener throws is one unhandled rejection, and the next message comes all the same', async () => {
    const errors = unhandledRejections();
    const { client, simulator, up } = await bot();
    await up();
    const contents: string[] = [];
    client.on('messageCreate', ({ content }) => {
      contents.push(content);
      if (content === 'bad') throw new Error('a bug of the bot');
    });
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'bad' }));
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'good' }));
    await expect.poll(() => contents).toEqual(['bad', 'good']);
    expect(errors).toMatchObject([{ message: 'a bug of the bot' }]);
  });

  test('a presence of 5 000 bytes is not sent, costs no connection, and debug says why', async () => {
    const errors = unhandledRejections();
    const { client, simulator, up } = await bot();
    await up();
    const lines: string[] = [];
    client.on('debug', (line) => lines.push(line));
    client.ws.shards
      .get(0)
      ?.send({ op: 3, d: { status: 'online', activities: [], since: null, afk: 'x'.repeat(5_000) } });
    await expect.poll(() => lines.find((line) => line.includes('op 3 was not sent'))).toMatch(/4096|4 096/);
    expect(opsOf(simulator)).toEqual([2]);
    expect(errors).toEqual([]);
  });

  test('a send that waits when the client is destroyed is refused without an unhandled rejection', async () => {
    const errors = unhandledRejections();
    const { client, up } = await bot();
    await up();
    for (let at = 0; at < 8; at += 1) client.user?.setStatus(at % 2 === 0 ? 'idle' : 'dnd');
    await client.destroy();
    client.user?.setStatus('online');
    await setTimeout(50);
    expect(errors).toEqual([]);
  });

  test('ws.ping is a whole number of milliseconds', async () => {
    const { client, up } = await bot({ simulator: { heartbeatInterval: 1_500 } });
    await up();
    await expect.poll(() => client.ws.ping, { timeout: 10_000 }).toBeGreaterThanOrEqual(0);
    expect(Number.isInteger(client.ws.ping)).toBe(true);
    expect(client.ws.shards.get(0)?.lastPingTimestamp).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('destroy in every state', () => {
  test('before the login it resolves', async () => {
    const { client, simulator } = await bot();
    await client.destroy();
    expect(simulator.connections).toEqual([]);
  });

  test('while the throttler is made, login() rejects with CLOSED, and nothing connects later', async () => {
    const buildIdentifyThrottler = vi.fn(async () => {
      await setTimeout(200);
      return { waitForIdentify: () => Promise.resolve() };
    });
    const { client, simulator } = await bot({ client: { ws: { buildIdentifyThrottler } } });
    const login = client.login(TOKEN).catch((error: unknown) => error);
    await expect.poll(() => buildIdentifyThrottler.mock.calls.length).toBe(1);
    await client.destroy();
    expect(await login).toMatchObject({ code: 'CLOSED' });
    expect(simulator.connections).toEqual([]);
  });

  test.each([
    ['Connecting: HELLO does not come', { at: 'hello', skip: true }],
    ['Identifying: READY does not come', { at: 'ready', skip: true }],
  ] as const)('%s; login() rejects with CLOSED and the connection ends', async (_state, fault) => {
    const { client, simulator } = await bot({ simulator: { script: [fault] } });
    const login = client.login(TOKEN).catch((error: unknown) => error);
    await expect.poll(() => simulator.connections.length).toBe(1);
    if (fault.at === 'ready') await simulator.waitForFrame(({ op }) => op === 2);
    await client.destroy();
    expect(await login).toMatchObject({ code: 'CLOSED' });
    await expect.poll(() => isGone(simulator)).toBe(true);
    expect(simulator.connections).toHaveLength(1);
  });

  test('Connected: closes with 1000', async () => {
    const { client, simulator, up } = await bot();
    await up();
    await client.destroy();
    expect(simulator.connections).toMatchObject([
      { open: false, closeCode: 1000, closeReason: 'Manager was destroyed' },
    ]);
  });

  test('Disconnected: the bot stays down, although it waited to reconnect', async () => {
    const { client, simulator, up } = await bot({ strategy: { options: { backoff: { initial: 500, max: 500 } } } });
    await up();
    const reconnecting = next(client, 'shardReconnecting');
    simulator.next({ at: 'upgrade', refuse: 503, times: Infinity });
    simulator.reset();
    await reconnecting;
    await client.destroy();
    simulator.clearFaults();
    const count = simulator.connections.length;
    await setTimeout(700);
    expect(simulator.connections).toHaveLength(count);
    expect(isGone(simulator)).toBe(true);
  });

  test('a second login after destroy is up again, with a second identify', async () => {
    const { client, simulator, up } = await bot();
    await up();
    await client.destroy();
    const ready = next(client, 'shardReady');
    await client.login(TOKEN);
    await ready;
    expect(opsOf(simulator)).toEqual([2, 2]);
    expect(client.ws.shards.get(0)?.status).toBe(Status.Ready);
  });
});

describe('what Discord refuses', () => {
  test('4014 at login: login() rejects, and shardDisconnect and shardError say so', async () => {
    const { client } = await bot({ simulator: { disallowedIntents: 2 }, breaks: ['disallowed intents'] });
    const disconnect = next(client, 'shardDisconnect');
    const error = next(client, 'shardError');
    const login = client.login(TOKEN);
    await expect(login).rejects.toMatchObject({ code: 'FATAL', closeCode: 4014 });
    expect(await disconnect).toMatchObject([{ code: 4014 }, 0]);
    expect(await error).toMatchObject([{ code: 'FATAL' }, 0]);
  });

  test('HTTP 401 at login is TokenInvalid of discord.js', async () => {
    const { client } = await bot({ simulator: { token: 'another.token' } });
    await expect(client.login(TOKEN)).rejects.toMatchObject({ code: 'TokenInvalid' });
  });
});

describe('options', () => {
  test('a session store is refused, because a Client that resumes is never ready', () => {
    const options = { sessionStore: createMemorySessionStore() };
    expect(() => shardchartStrategy(options as never)).toThrow(/takes no `sessionStore`/);
  });

  test('an unknown option is refused with the names of the others', () => {
    expect(() => shardchartStrategy({ reserved: 3 } as never)).toThrow(/no option `reserved`.*reserve/);
  });

  test('an option of shards replaces the one of discord.js', async () => {
    const { simulator, up } = await bot({
      client: { ws: { large_threshold: 60 } },
      strategy: { options: { compression: 'none', properties: { os: 'Discord iOS', browser: 'b', device: 'd' } } },
    });
    await up();
    expect(simulator.connections[0]?.compression).toBe('none');
    expect(sentBy(simulator)[0]?.d).toMatchObject({
      large_threshold: 60,
      properties: { os: 'Discord iOS', browser: 'b', device: 'd' },
    });
  });

  test('a throttler that the bot chose decides which shard identifies, and gets a signal', async () => {
    const waitForIdentify = vi.fn((_shardId: number, _signal: AbortSignal) => Promise.resolve());
    const buildIdentifyThrottler = () => Promise.resolve({ waitForIdentify });
    const { shards, up } = await bot({ client: { ws: { buildIdentifyThrottler } } });
    await up();
    expect(waitForIdentify.mock.calls).toEqual([[0, expect.any(AbortSignal)]]);
    expect(shards().controller).toBeNull();
  });

  test('the default throttler of discord.js gives way to the queue that counts the day', async () => {
    const { shards, up } = await bot({
      simulator: { sessionStartLimit: { total: 1_000, remaining: 800 } },
      client: { ws: { buildIdentifyThrottler: DefaultWebSocketManagerOptions.buildIdentifyThrottler as never } },
    });
    await up();
    expect(shards().controller).toMatchObject({ total: 1_000, remaining: 799 });
  });

  test('onManager gets the manager of each login before it connects', async () => {
    const states: string[] = [];
    const { client, up } = await bot({ strategy: { onManager: (manager) => states.push(manager.state) } });
    await up();
    await client.destroy();
    await client.login(TOKEN);
    expect(states).toEqual(['Offline', 'Offline']);
  });
});
