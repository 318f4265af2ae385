import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Inbox } from '../../src/fleet/commands/inbox.js';
import type { Message } from '../../src/fleet/commands/messages.js';
import type { RedisClient } from '../../src/fleet/redis/redisClient.js';
import { until } from '../shard/rig.js';
import { station } from './courierRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

describe.runIf(hasRedis)('commands while Redis fails', () => {
  let redis: RedisServer;
  beforeEach(async () => void (redis = await RedisServer.start()));
  afterEach(() => redis?.[Symbol.asyncDispose]());

  /** A runner whose commands end when the test says so. */
  async function slowPair(loses?: (message: Message) => boolean) {
    const ends: ((value: unknown) => void)[] = [];
    const asker = await station({ redis: redis.url, name: 'bot', worker: 'w-1', ...(loses && { loses }) });
    const run = () => new Promise<unknown>((resolve) => ends.push(resolve));
    const runner = await station({ redis: redis.url, name: 'bot', worker: 'w-2', run });
    return {
      asker,
      runner,
      end: (value: unknown) => ends.forEach((resolve) => resolve(value)),
      async [Symbol.asyncDispose]() {
        await asker[Symbol.asyncDispose]();
        await runner[Symbol.asyncDispose]();
      },
    };
  }

  test('a Redis that is started again carries the next command', async () => {
    await using workers = await slowPair();
    await redis.kill();
    await redis.start();
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', []);
    await until(() => workers.runner.ran.length === 1, 20_000);
    workers.end('done');
    await expect(asked).resolves.toBe('done');
  });

  test('the answer of a command that ends while Redis is away comes when Redis is back, empty', async () => {
    await using workers = await slowPair();
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', []);
    await until(() => workers.asker.received.some(({ type }) => type === 'accepted'));
    await redis.kill();
    workers.end('done');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await redis.start();
    await expect(asked).resolves.toBe('done');
    expect(workers.runner.ran).toHaveLength(1);
  }, 40_000);

  test('a call whose answer is lost on its way ends with WORKER_LOST, and its command has run once', async () => {
    // A connection that ends while an answer is on it takes the answer along: Redis has it no more.
    await using workers = await slowPair(({ type }) => type === 'answer');
    const { asker, runner } = workers;
    const asked = asker.courier.request(runner.owner, 'x', []);
    asked.catch(() => {});
    await until(() => asker.received.some(({ type }) => type === 'accepted'));
    workers.end('done');
    await expect(asked).rejects.toMatchObject({ code: 'WORKER_LOST', value: runner.owner });
    expect(runner.ran).toHaveLength(1);
  }, 40_000);

  test('a call whose worker is gone ends with WORKER_LOST, although no beat says so', async () => {
    await using workers = await slowPair();
    const lost = await station({ redis: redis.url, name: 'bot', worker: 'w-3', run: () => new Promise(() => {}) });
    const asked = workers.asker.courier.request(lost.owner, 'x', []);
    asked.catch(() => {});
    await until(() => workers.asker.received.some(({ type }) => type === 'accepted'));
    await lost[Symbol.asyncDispose]();
    await expect(asked).rejects.toMatchObject({ code: 'WORKER_LOST', value: lost.owner });
  }, 60_000);

  test('an abort while Redis is away rejects the request, and leaves no rejection unhandled', async () => {
    await using workers = await slowPair();
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    const abort = new AbortController();
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', [], abort.signal);
    asked.catch(() => {});
    await until(() => workers.runner.ran.length === 1);
    await redis.kill();
    abort.abort(new Error('Changed my mind.'));
    await expect(asked).rejects.toThrow('Changed my mind.');
    // Longer than the limit for an answer of Redis.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  }, 40_000);
});

describe('an inbox whose connection has died unseen', () => {
  test('is read over a new connection, and the dead one is closed', async () => {
    let opened = 0;
    let closed = 0;
    const messages: Message[] = [];
    const client = (answers: boolean): RedisClient => ({
      command: () =>
        answers && messages.length === 0 ? Promise.resolve(['key', '{"type":"wake"}']) : new Promise(() => {}),
      duplicate: () => {
        opened += 1;
        return client(true);
      },
      close: () => void (closed += 1),
    });
    const inbox = new Inbox({ client: client(false), key: 'key', onMessage: (message) => messages.push(message) });
    await until(() => messages.length === 1, 30_000);
    inbox.stop();
    expect({ opened, closed }).toEqual({ opened: 1, closed: 2 });
  }, 40_000);
});
