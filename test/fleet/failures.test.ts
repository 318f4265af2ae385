import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { consumeFleet } from '../../src/fleet/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { until } from '../shard/rig.js';
import { TTL, type Place } from './fleetRig.js';
import { isBuilt, WorkerProcess } from './processes.js';
import { hasRedis, RedisServer } from './redisRig.js';

const SHARDS = 4;

/** Numbered events to every shard, one every few milliseconds. */
function flow(simulator: GatewaySimulator) {
  let last = 0;
  const timer = setInterval(() => simulator.dispatch('TYPING_START', { number: (last += 1) }), 10);
  return {
    get last() {
      return last;
    },
    stop: () => clearInterval(timer),
  };
}

/** Numbers of the events in a shard's stream, in its order. */
async function published(redis: RedisServer, name: string, shard: number): Promise<number[]> {
  const entries = (await redis.command('XRANGE', `{${name}}:stream:1:${shard}`, '-', '+')) as [string, string[]][];
  return entries.flatMap(([, fields]) => {
    const { t, d } = JSON.parse(fields[fields.indexOf('p') + 1] as string) as { t: string; d: { number: number } };
    return t === 'TYPING_START' ? [d.number] : [];
  });
}

describe.runIf(hasRedis && isBuilt)('a fleet whose workers and Redis fail', () => {
  let redis: RedisServer;
  let simulator: GatewaySimulator;
  let place: Place;
  let workers: WorkerProcess[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
    simulator = await createGatewaySimulator({
      identifyWindow: 50,
      shards: SHARDS,
      sendLimit: 10_000,
      heartbeatInterval: 5_000,
    });
    place = { simulator, redis, name: 'bot' };
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    workers = [];
    await simulator[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  function start(name: string, capacity?: number): WorkerProcess {
    const worker = new WorkerProcess(place, {
      worker: name,
      publish: true,
      ...(capacity !== undefined && { capacity }),
    });
    workers.push(worker);
    return worker;
  }

  /** Two workers with two shards each. */
  async function pair() {
    const first = start('w-1');
    await until(() => first.of('connected').length === 1, 30_000);
    const second = start('w-2');
    await until(() => second.ids.length === 2 && second.of('up').length >= 2, 30_000);
    return { first, second };
  }

  /** Each shard's stream has every number up to the last one once and in order, and no identify was spent beyond the first. */
  async function holds(last: number) {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await expect.poll(() => published(redis, place.name, shard), { timeout: 30_000 }).toHaveLength(last);
      expect(await published(redis, place.name, shard), `shard ${shard}`).toEqual(
        Array.from({ length: last }, (_, at) => at + 1),
      );
    }
    expect(simulator.identifies).toHaveLength(SHARDS);
    expect(workers.flatMap((worker) => worker.of('gap'))).toEqual([]);
  }

  test('kill -9 of a worker: the other one resumes its shards within the lease and 2 s, and every event is published once', async () => {
    const { first, second } = await pair();
    const events = flow(simulator);
    await until(() => events.last > 50);
    const before = second.of('up').length;
    const killedAt = performance.now();
    first.signal('SIGKILL');
    await until(() => second.of('up').length === before + 2, 30_000);
    const took = performance.now() - killedAt;
    await until(() => events.last > 200);
    events.stop();
    expect(second.of('up').slice(before)).toMatchObject([{ resumed: true }, { resumed: true }]);
    // On an idle machine it is below the lease and 2 s; a machine that is busy gets as much again.
    expect(took).toBeLessThan(2 * (TTL + 2_000));
    await holds(events.last);
  });

  test('SIGTERM: the shards are Connected at the other worker, every event is published once, and the process ends', async () => {
    const { first, second } = await pair();
    const events = flow(simulator);
    await until(() => events.last > 50);
    const before = second.of('up').length;
    first.signal('SIGTERM');
    await first.ended();
    await until(() => second.of('up').length === before + 2, 30_000);
    await until(() => events.last > 150);
    events.stop();
    await holds(events.last);
  });

  test('a worker that was paused for longer than its lease publishes nothing and spends nothing when it wakes', async () => {
    const { first, second } = await pair();
    const events = flow(simulator);
    await until(() => events.last > 50);
    const before = second.of('up').length;
    first.signal('SIGSTOP');
    await until(() => second.of('up').length === before + 2, 30_000);
    first.signal('SIGCONT');
    // It comes back as a standby, and gets its share again.
    await until(() => first.of('lost').some(({ reason }) => reason === 'taken') && first.ids.length === 2, 30_000);
    await until(() => events.last > 300);
    events.stop();
    await holds(events.last);
  });

  test('a Redis that is unreachable for longer than a lease moves no shard, and what was kept is published', async () => {
    const { first, second } = await pair();
    const events = flow(simulator);
    await until(() => events.last > 50);
    const resumes = simulator.connections.length;
    redis.pause();
    await new Promise((resolve) => setTimeout(resolve, 2 * TTL));
    redis.resume();
    await until(() => events.last > 500, 30_000);
    events.stop();
    await holds(events.last);
    expect(simulator.connections).toHaveLength(resumes);
    expect(first.of('lost').length + second.of('lost').length).toBe(2);
  });

  test('a Redis that comes back empty costs no identify and no event: the workers keep their shards', async () => {
    const { first, second } = await pair();
    const events = flow(simulator);
    await until(() => events.last > 50);
    const connections = simulator.connections.length;
    await redis.kill();
    await redis.start();
    const emptiedAt = events.last;
    await until(() => events.last > emptiedAt + 200, 30_000);
    events.stop();
    const { last } = events;
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await expect.poll(async () => (await published(redis, place.name, shard)).at(-1), { timeout: 30_000 }).toBe(last);
      const numbers = await published(redis, place.name, shard);
      // What was in the old Redis is gone with it; from there on each event is there once and in order.
      const begin = numbers[0] as number;
      expect(begin).toBeLessThanOrEqual(emptiedAt + 1);
      expect(numbers).toEqual(Array.from({ length: last - begin + 1 }, (_, at) => begin + at));
    }
    expect(simulator.identifies).toHaveLength(SHARDS);
    expect(simulator.connections).toHaveLength(connections);
    expect([first.ids.length, second.ids.length]).toEqual([2, 2]);
  });

  test('kill -9 of the only worker: the next one resumes all shards with what was missed', async () => {
    const first = start('w-1');
    await until(() => first.of('connected').length === 1, 30_000);
    const events = flow(simulator);
    await until(() => events.last > 50);
    first.signal('SIGKILL');
    await first.ended();
    const second = start('w-2');
    await until(() => second.of('up').length === SHARDS, 30_000);
    await until(() => events.last > 200);
    events.stop();
    await holds(events.last);
  });

  test('a consumer hears every event of workers that are killed and ended, once and in order', async () => {
    const { first, second } = await pair();
    const signal = new AbortController();
    const heard = Array.from({ length: SHARDS }, (): number[] => []);
    const options = { redis: redis.url, name: place.name, group: 'web', consumer: 'c-1', from: 'start' } as const;
    const consuming = (async () => {
      for await (const { shardId, payload, ack } of consumeFleet({
        ...options,
        events: ['TYPING_START'],
        signal: signal.signal,
      })) {
        heard[shardId]?.push((payload.d as unknown as { number: number }).number);
        void ack();
      }
    })();
    const events = flow(simulator);
    await until(() => events.last > 50);
    first.signal('SIGKILL');
    const third = start('w-3');
    await until(() => third.ids.length === 2 && third.of('up').length >= 2, 30_000);
    second.signal('SIGTERM');
    await until(() => third.ids.length === SHARDS, 30_000);
    await until(() => events.last > 250);
    events.stop();
    await holds(events.last);
    await until(() => heard.every((numbers) => numbers.length === events.last), 30_000);
    signal.abort(new Error('the test is over'));
    await expect(consuming).rejects.toThrow('the test is over');
    for (const numbers of heard) expect(numbers).toEqual(Array.from({ length: events.last }, (_, at) => at + 1));
  });
});
