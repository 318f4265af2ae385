import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIoRedis } from './clients.js';
import { createRedisSessionStore } from '../../src/fleet/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { story, TOKEN, until } from '../shard/rig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const program = fileURLToPath(new URL('../programs/redisManager.mjs', import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/fleet/index.js', import.meta.url)));
const SESSION = { id: 'session', sequence: 7, resumeUrl: 'wss://resume.discord.gg' };

describe.runIf(hasRedis)('createRedisSessionStore', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  test('a session that one store has set, another one gets, until it is deleted', async () => {
    await using first = createRedisSessionStore({ redis: redis.url, name: 'a' });
    const client = createIoRedis(redis.url);
    await using second = createRedisSessionStore({ redis: client, name: 'a' });
    await using other = createRedisSessionStore({ redis: redis.url, name: 'b' });
    await first.set(3, { ...SESSION, extra: true } as never);
    expect(await second.get(3)).toEqual(SESSION);
    expect(await other.get(3)).toBeNull();
    await second.delete(3);
    expect(await first.get(3)).toBeNull();
    client.disconnect();
  });

  test('a session of another total is not found, and found again under its own', async () => {
    await using store = createRedisSessionStore({ redis: redis.url, name: 'totals' });
    await store.setTotal(4);
    await store.set(3, SESSION);
    await store.setTotal(8);
    expect(await store.get(3)).toBeNull();
    await store.setTotal(4);
    expect(await store.get(3)).toEqual(SESSION);
  });

  test('the record of identifies comes back as it was stored', async () => {
    await using store = createRedisSessionStore({ redis: redis.url, name: 'record' });
    expect(await store.getIdentifies()).toBeNull();
    const record = { hours: [[3_600_000, 2]] as const, spare: 8, at: 3_700_000 };
    await store.setIdentifies(record);
    expect(await store.getIdentifies()).toEqual(record);
  });

  test('a Redis that does not answer fails the call within 3 s', async () => {
    await using own = await RedisServer.start();
    await using store = createRedisSessionStore({ redis: own.url, name: 'slow' });
    await store.set(0, SESSION);
    own.pause();
    await expect(store.get(0)).rejects.toMatchObject({ code: 'TIMED_OUT' });
    own.resume();
    expect(await store.get(0)).toEqual(SESSION);
  });

  describe.runIf(isBuilt)('with two processes of fixed ids', () => {
    interface Message {
      readonly shard: number;
      readonly up: 'ready' | 'resumed';
    }

    class Bot implements AsyncDisposable {
      readonly messages: Message[] = [];
      readonly #child: ChildProcess;
      readonly #exit: Promise<unknown>;

      constructor({ url }: GatewaySimulator, ids: readonly number[]) {
        const argument = { url, redis: redis.url, name: 'two', token: TOKEN, ids, total: 4, window: 300 };
        this.#child = fork(program, [JSON.stringify(argument)]);
        this.#child.on('message', (message) => void this.messages.push(message as Message));
        this.#exit = new Promise((resolve) => this.#child.once('exit', resolve));
      }

      up(kind: 'ready' | 'resumed'): Promise<void> {
        return until(
          () => new Set(this.messages.flatMap(({ shard, up }) => (up === kind ? shard : []))).size === 2,
          30_000,
        );
      }

      async [Symbol.asyncDispose](): Promise<void> {
        this.#child.kill('SIGKILL');
        await this.#exit;
      }
    }

    test('four identifies in all within the windows, and after kill -9 of one its shards resume with what they missed', async () => {
      await using simulator = await createGatewaySimulator({ identifyWindow: 250, shards: 4, sendLimit: 10_000 });
      await using first = new Bot(simulator, [0, 1]);
      await using second = new Bot(simulator, [2, 3]);
      await Promise.all([first.up('ready'), second.up('ready')]);
      for (let count = 0; count < 20; count += 1) simulator.dispatch('TYPING_START', {});
      const sequences = async () => {
        await using store = createRedisSessionStore({ redis: redis.url, name: 'two' });
        await store.setTotal(4);
        return await Promise.all([0, 1].map(async (id) => (await store.get(id))?.sequence));
      };
      await expect.poll(sequences, { timeout: 10_000 }).toEqual([21, 21]);
      await first[Symbol.asyncDispose]();
      await until(() => simulator.connections.filter(({ open }) => open).length === 2);
      for (let count = 0; count < 3; count += 1) simulator.dispatch('TYPING_START', {});

      await using next = new Bot(simulator, [0, 1]);
      await next.up('resumed');
      expect(simulator.identifies.map(({ outcome }) => outcome)).toEqual(Array(4).fill('accepted'));
      expect(story(simulator).slice(4)).toEqual(Array(2).fill('resume /resume'));
      expect(simulator.violations).toEqual([]);
      const stored = JSON.stringify(await redis.command('HGETALL', '{two}:sessions'));
      expect(stored).not.toContain(TOKEN);
    });
  });
});
