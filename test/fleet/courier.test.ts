import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FatalShardError, ShardError } from '../../src/util/errors.js';
import { until } from '../shard/rig.js';
import { createClient, createIoRedis } from './clients.js';
import { station, type StationOptions } from './courierRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const never = () => new Promise<never>(() => {});

describe.runIf(hasRedis)('commands between two workers', () => {
  let redis: RedisServer;
  let number = 0;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  /** Two workers of a fleet of their own: `asker` asks, `runner` runs. */
  async function pair(runner: Partial<StationOptions> = {}, asker: Partial<StationOptions> = {}) {
    const name = `courier-${(number += 1)}`;
    const first = await station({ redis: redis.url, name, worker: 'w-1', ...asker });
    const second = await station({ redis: redis.url, name, worker: 'w-2', ...runner });
    return {
      name,
      asker: first,
      runner: second,
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]();
        await second[Symbol.asyncDispose]();
      },
    };
  }

  test('request() runs at the other worker with the arguments as they were, and resolves with its value', async () => {
    await using workers = await pair();
    const args = [3, 'send', { op: 3, d: { name: 'häh? 🦀', list: [1, null] } }];
    await expect(workers.asker.courier.request(workers.runner.owner, 'shard', args)).resolves.toEqual({
      name: 'shard',
      args,
    });
  });

  test('a command without a value resolves with undefined, as it does at home', async () => {
    await using workers = await pair({ run: () => Promise.resolve(undefined) });
    await expect(workers.asker.courier.request(workers.runner.owner, 'drain', [])).resolves.toBeUndefined();
  });

  test.each(['redis', 'ioredis'])(
    'a client of %s that was passed in carries commands, and stays open',
    async (kind) => {
      const client = kind === 'redis' ? createClient({ url: redis.url }) : createIoRedis(redis.url);
      if ('connect' in client && kind === 'redis') await (client as ReturnType<typeof createClient>).connect();
      {
        await using workers = await pair({ redis: client }, { redis: client });
        await expect(workers.asker.courier.request(workers.runner.owner, 'x', [1])).resolves.toMatchObject({
          name: 'x',
        });
      }
      const ping = 'call' in client ? client.call('PING') : client.sendCommand(['PING']);
      await expect(ping).resolves.toBe('PONG');
      if ('destroy' in client) client.destroy();
      else client.disconnect();
    },
  );

  test('a ShardError comes back with its class, code, message and value', async () => {
    const error = new ShardError('QUEUE_FULL', 'The queue is full.', { value: 1_000 });
    await using workers = await pair({ run: () => Promise.reject(error) });
    const refused = await workers.asker.courier.request(workers.runner.owner, 'x', []).catch((found: unknown) => found);
    expect(refused).toBeInstanceOf(ShardError);
    expect(refused).toMatchObject({ name: 'ShardError', code: 'QUEUE_FULL', message: error.message, value: 1_000 });
  });

  test('a FatalShardError comes back with its close code and shard, and another error with its message', async () => {
    const errors = [new FatalShardError('Refused.', 4014, 7), new TypeError('Not a shard.')];
    await using workers = await pair({ run: () => Promise.reject(errors.shift() as Error) });
    const ask = () => workers.asker.courier.request(workers.runner.owner, 'x', []).catch((found: unknown) => found);
    const fatal = await ask();
    expect(fatal).toBeInstanceOf(FatalShardError);
    expect(fatal).toMatchObject({ code: 'FATAL', message: 'Refused.', closeCode: 4014, shardId: 7 });
    const other = await ask();
    expect(other).not.toBeInstanceOf(ShardError);
    expect(other).toMatchObject({ message: 'Not a shard.' });
  });

  test('a wake message calls onWake, and texts that are no messages are skipped', async () => {
    await using workers = await pair();
    const texts = ['{', 'null', '[]', '{"type":"dance"}', '{"type":"ask","id":"1"}', '{"type":"failed","id":"1"}'];
    for (const text of [...texts, '{"type":"wake"}']) await redis.command('RPUSH', workers.runner.inboxKey, text);
    await until(() => workers.runner.wakes === 1);
    expect(workers.runner.received).toEqual([{ type: 'wake' }]);
    expect(workers.runner.ran).toEqual([]);
  });

  test('a command that lies twice in the inbox, as a client that sends again leaves it, runs once', async () => {
    await using workers = await pair();
    const { runner } = workers;
    const text = JSON.stringify({ type: 'ask', id: '1', from: 'w-1/abc', to: runner.owner, name: 'x', args: [] });
    await redis.command('RPUSH', runner.inboxKey, text);
    await until(() => workers.asker.received.some(({ type }) => type === 'answer'));
    await redis.command('RPUSH', runner.inboxKey, text, '{"type":"wake"}');
    await until(() => runner.wakes === 1);
    expect(runner.ran).toHaveLength(1);
  });

  test('an aborted request rejects with the signal’s reason, and aborts the command at the other worker', async () => {
    let reason: unknown;
    await using workers = await pair({
      run: (_name, _args, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject((reason = signal.reason) as Error));
        }),
    });
    const abort = new AbortController();
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', [], abort.signal);
    await until(() => workers.runner.ran.length === 1);
    abort.abort(new Error('Changed my mind.'));
    await expect(asked).rejects.toThrow('Changed my mind.');
    await until(() => reason instanceof Error);
    await expect(workers.asker.courier.request(workers.runner.owner, 'x', [], abort.signal)).rejects.toThrow('Changed');
    expect(workers.runner.ran).toHaveLength(1);
  });

  test('a command that a worker had accepted fails with WORKER_LOST once that worker’s lease is gone', async () => {
    await using workers = await pair({ run: never });
    const { asker, runner } = workers;
    const asked = asker.courier.request(runner.owner, 'x', []);
    await until(() => asker.received.some(({ type }) => type === 'accepted'));
    // An answer that was on its way when the command left may not know the worker yet.
    asker.courier.onWorkers([asker.owner]);
    asker.courier.onWorkers([asker.owner]);
    await expect(asked).rejects.toMatchObject({ code: 'WORKER_LOST', value: runner.owner });
  });

  test('a command to a worker that joined after the last beat is not failed by that beat’s answer', async () => {
    await using workers = await pair();
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', []);
    workers.asker.courier.onWorkers([workers.asker.owner]);
    await expect(asked).resolves.toMatchObject({ name: 'x' });
  });

  test('a command that a dead worker has not read is taken out of its inbox: the next process of its name does not run it', async () => {
    await using workers = await pair({ reads: false });
    const { asker, runner, name } = workers;
    await expect(asker.courier.request(runner.owner, 'x', [])).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(await redis.command('LLEN', runner.inboxKey)).toBe(0);
    await using next = await station({ redis: redis.url, name, worker: 'w-2', instance: 'next' });
    await redis.command('RPUSH', next.inboxKey, '{"type":"wake"}');
    await until(() => next.wakes === 1);
    expect(next.ran).toEqual([]);
  });

  test('a command to an earlier process of a worker’s name is refused with WORKER_LOST, and not run', async () => {
    await using workers = await pair();
    await expect(workers.asker.courier.request('w-2/earlier', 'x', [])).rejects.toMatchObject({
      code: 'WORKER_LOST',
      value: 'w-2/earlier',
    });
    expect(workers.runner.ran).toEqual([]);
  });

  test('a call whose worker is replaced by another process of its name fails, without a beat that says so', async () => {
    await using workers = await pair();
    const { asker, name } = workers;
    const old = await station({ redis: redis.url, name, worker: 'w-3', run: never });
    const asked = asker.courier.request(old.owner, 'x', []);
    asked.catch(() => {});
    await until(() => old.ran.length === 1);
    await old[Symbol.asyncDispose]();
    await using next = await station({ redis: redis.url, name, worker: 'w-3', instance: 'next' });
    await expect(asked).rejects.toMatchObject({ code: 'WORKER_LOST', value: old.owner });
    expect(next.ran).toEqual([]);
  }, 30_000);

  test('close() rejects what waits with its reason, and aborts what runs', async () => {
    let isAborted = false;
    await using workers = await pair({
      run: (_name, _args, signal) => {
        signal.addEventListener('abort', () => (isAborted = true));
        return never();
      },
    });
    const asked = workers.asker.courier.request(workers.runner.owner, 'x', []);
    asked.catch(() => {});
    await until(() => workers.runner.ran.length === 1);
    workers.asker.courier.close(new ShardError('CLOSED', 'The worker was shut down.'));
    await expect(asked).rejects.toMatchObject({ code: 'CLOSED' });
    workers.runner.courier.close(new Error('Down.'));
    expect(isAborted).toBe(true);
  });
});
