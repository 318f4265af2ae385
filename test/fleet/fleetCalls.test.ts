import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { sentBy, story, until } from '../shard/rig.js';
import { workerOn, type Place } from './fleetRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const simulate = (shards: number) =>
  createGatewaySimulator({ identifyWindow: 50, shards, sendLimit: 10_000, heartbeatInterval: 5_000 });

/** Two workers with two shards each. */
async function pair(where: Place) {
  const first = workerOn(where, { worker: 'w-1' });
  const second = workerOn(where, { worker: 'w-2' });
  await first.connect();
  await second.connect();
  const isUp = () => second.ids.length === 2 && [...second.shards.values()].every(({ state }) => state === 'Connected');
  await until(() => isUp() && first.ids.length === 2, 20_000);
  const dispose = () => Promise.all([first.shutdown(), second.shutdown()]);
  return { first, second, [Symbol.asyncDispose]: async () => void (await dispose()) };
}

describe.runIf(hasRedis)('calls of a fleet', () => {
  let redis: RedisServer;
  let number = 0;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  const place = (simulator: GatewaySimulator): Place => ({ simulator, redis, name: `calls-${(number += 1)}` });

  test('send() to a shard of the other worker leaves by that worker’s socket, and what it refuses comes back as the same error', async () => {
    await using simulator = await simulate(4);
    await using workers = await pair(place(simulator));
    const { first, second } = workers;
    const [away] = second.ids;
    await first.send(away as number, { op: 3, d: { since: null, activities: [], status: 'idle', afk: false } });
    await until(() => sentBy(simulator, 3).length === 1);
    const refused = first.send(away as number, { op: 2, d: {} });
    await expect(refused).rejects.toMatchObject({ name: 'ShardError', code: 'INVALID_PAYLOAD' });
    await expect(first.send(9, { op: 3, d: {} })).rejects.toMatchObject({ code: 'INVALID_OPTION', value: 9 });
    expect(simulator.violations).toEqual([]);
  });

  test('requestGuildMembers() of a guild whose shard runs elsewhere is sent there, and its answer comes back', async () => {
    await using simulator = await createGatewaySimulator({
      identifyWindow: 50,
      shards: 4,
      sendLimit: 10_000,
      guilds: [
        { id: '4194304', name: 'Guild 4194304' },
        { id: '8388608', name: 'Guild 8388608' },
        { id: '12582912', name: 'Guild 12582912' },
      ],
    });
    await using workers = await pair(place(simulator));
    const { first } = workers;
    const away = ['4194304', '8388608', '12582912'].find((id) => first.shardFor(id) === undefined) as string;
    const answer = await first.requestGuildMembers(away, { query: 'a', limit: 5 });
    expect(Array.isArray(answer.members)).toBe(true);
    expect(sentBy(simulator, 8)).toHaveLength(1);
  });

  test('status() names each worker with its shards, and each shard with its owner, state and the age of its session', async () => {
    await using simulator = await simulate(4);
    await using workers = await pair(place(simulator));
    const { first, second } = workers;
    await expect
      .poll(async () => (await first.status()).shards.map(({ state }) => state), { timeout: 10_000 })
      .toEqual(Array(4).fill('Connected'));
    const status = await first.status();
    expect(status).toMatchObject({ total: 4, nextTotal: null, groups: [] });
    expect(status.workers.map(({ worker, shards, state }) => [worker, shards, state])).toEqual([
      ['w-1', 2, 'serving'],
      ['w-2', 2, 'serving'],
    ]);
    expect(status.shards.filter(({ worker }) => worker === 'w-2').map(({ id }) => id)).toEqual(second.ids);
    expect(status.shards.every(({ sessionAge }) => sessionAge !== null && sessionAge < 60_000)).toBe(true);
  });

  test('reshard(6) of two workers with 4 shards brings 6 new shards into service, and closes the old ones', async () => {
    await using simulator = await simulate(4);
    await using workers = await pair(place(simulator));
    const { first, second } = workers;
    await first.reshard(6);
    expect(first.total).toBe(6);
    await until(() => second.total === 6 && first.ids.length + second.ids.length === 6, 20_000);
    await until(() => simulator.connections.filter(({ open }) => open).length === 6, 20_000);
    expect(simulator.identifies).toHaveLength(10);
    expect(simulator.violations).toEqual([]);
  });

  test('restart({ rolling: true }) resumes every shard of both workers', async () => {
    await using simulator = await simulate(4);
    await using workers = await pair(place(simulator));
    const { second } = workers;
    const before = story(simulator).filter((line) => line.startsWith('resume')).length;
    await second.restart({ rolling: true });
    expect(story(simulator).filter((line) => line.startsWith('resume'))).toHaveLength(before + 4);
    expect(simulator.identifies).toHaveLength(4);
  });

  test('calls before connect() reject with NOT_CONNECTED', async () => {
    await using simulator = await simulate(1);
    await using worker = workerOn(place(simulator));
    await expect(worker.send(0, { op: 3, d: {} })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(worker.status()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(worker.reshard(2)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });
});
