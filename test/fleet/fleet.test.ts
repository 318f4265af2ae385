import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fleet } from '../../src/fleet/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { story, TOKEN, until } from '../shard/rig.js';
import { workerOn } from './fleetRig.js';
import { hasRedis, RedisServer } from './redisRig.js';

const simulate = (shards: number) =>
  createGatewaySimulator({ identifyWindow: 50, shards, sendLimit: 10_000, heartbeatInterval: 5_000 });
const idsOf = (...workers: Fleet[]) => workers.flatMap(({ ids }) => ids).toSorted((a, b) => a - b);

describe.runIf(hasRedis)('createFleet', () => {
  let redis: RedisServer;
  let number = 0;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis?.[Symbol.asyncDispose]());

  const place = (simulator: GatewaySimulator) => ({ simulator, redis, name: `fleet-${(number += 1)}` });

  test('a lone worker takes all shards of the recommended total, and connect() resolves when they are Connected', async () => {
    await using simulator = await simulate(3);
    await using worker = workerOn(place(simulator));
    await worker.connect();
    expect(worker.total).toBe(3);
    expect(worker.ids).toEqual([0, 1, 2]);
    expect([...worker.shards.values()].map(({ state }) => state)).toEqual(Array(3).fill('Connected'));
    expect(worker.state).toBe('Serving');
    expect(simulator.violations).toEqual([]);
  });

  test('a worker that joins takes its share by RESUME, one shard at a time, and no identify is spent', async () => {
    await using simulator = await simulate(6);
    const where = place(simulator);
    await using first = workerOn(where);
    await first.connect();
    await using second = workerOn(where);
    const claimed: [number, boolean][] = [];
    second.on('claimed', ({ resumable }, id) => claimed.push([id, resumable]));
    await second.connect();
    await until(
      () => second.ids.length === 3 && [...second.shards.values()].every((s) => s.state === 'Connected'),
      20_000,
    );
    expect(idsOf(first, second)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(claimed.map(([, resumable]) => resumable)).toEqual([true, true, true]);
    expect(story(simulator).filter((line) => line.startsWith('identify'))).toHaveLength(6);
    expect(simulator.violations).toEqual([]);
  });

  test('drain() gives all shards to the others, which resume them, and the drained worker takes none until connect()', async () => {
    await using simulator = await simulate(4);
    const where = place(simulator);
    await using first = workerOn(where);
    await first.connect();
    await using second = workerOn(where, { capacity: 10 });
    await second.connect();
    await first.drain();
    expect(first.ids).toEqual([]);
    expect(first.state).toBe('Drained');
    await until(
      () => second.ids.length === 4 && [...second.shards.values()].every((s) => s.state === 'Connected'),
      20_000,
    );
    expect(simulator.identifies).toHaveLength(4);
    await first.connect();
    await until(() => first.ids.length === 2, 20_000);
    expect(simulator.violations).toEqual([]);
  });

  test('after shutdown() the sessions stay, and the next worker resumes them with what was missed', async () => {
    await using simulator = await simulate(2);
    const where = place(simulator);
    const first = workerOn(where);
    await first.connect();
    await first.shutdown();
    expect(first.state).toBe('Offline');
    for (let count = 0; count < 3; count += 1) simulator.dispatch('TYPING_START', {});
    await using second = workerOn(where);
    let heard = 0;
    second.on('TYPING_START', () => (heard += 1));
    await second.connect();
    await until(() => heard === 6);
    expect(simulator.identifies).toHaveLength(2);
  });

  test('a total other than the fleet’s is refused with FLEET_TOTAL, a name that runs with WORKER_TAKEN', async () => {
    await using simulator = await simulate(2);
    const where = place(simulator);
    await using first = workerOn(where, { worker: 'w-1' });
    await first.connect();
    await using other = workerOn(where, { total: 3 });
    await expect(other.connect()).rejects.toMatchObject({ code: 'FLEET_TOTAL', value: 3 });
    await using same = workerOn(where, { worker: 'w-1' });
    await expect(same.connect()).rejects.toMatchObject({ code: 'WORKER_TAKEN', value: 'w-1' });
    expect(same.state).toBe('Offline');
    // What failed may be tried again, and leaves no connection behind.
    await first.shutdown();
    await same.connect();
    expect(same.ids).toEqual([0, 1]);
    await same.shutdown();
    const clients = String(await redis.command('CLIENT', 'LIST'));
    expect(clients.trim().split('\n')).toHaveLength(1);
  });

  test('a shard that the gateway refuses for good rejects connect() with its error, and the worker leaves the fleet', async () => {
    await using simulator = await simulate(2);
    simulator.next({ at: 'identify', closeWith: 4014 });
    const where = place(simulator);
    await using worker = workerOn(where);
    await expect(worker.connect()).rejects.toMatchObject({ name: 'FatalShardError', closeCode: 4014 });
    await until(() => worker.state === 'Offline');
    expect(worker.ids).toEqual([]);
    // The other shard's session is there for the next worker.
    await using next = workerOn(where);
    await next.connect();
    expect(next.ids).toEqual([0, 1]);
  });

  test('a day without identifies: connect() waits, and `exhausted` and the log say until when', async () => {
    await using simulator = await simulate(2);
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void lines.push(line) };
    const sessionStartLimit = { total: 1_000, remaining: 1, reset_after: 3_600_000, max_concurrency: 1 };
    await using worker = workerOn(place(simulator), { logger, sessionStartLimit });
    const exhausted: number[] = [];
    worker.on('exhausted', ({ remaining }) => exhausted.push(remaining));
    let isUp = false;
    worker.connect().then(
      () => (isUp = true),
      () => {},
    );
    await until(() => exhausted.length > 0, 20_000);
    expect(exhausted).toEqual([0]);
    expect(lines.join('\n')).toMatch(/the day's identifies are spent \(0 of 1000 left\): .* wait until \d{4}-/);
    expect(isUp).toBe(false);
    expect(simulator.identifies).toHaveLength(1);
  });

  test('no key and no value in Redis shows the token', async () => {
    await using simulator = await simulate(1);
    const where = place(simulator);
    await using worker = workerOn(where);
    await worker.connect();
    const keys = (await redis.command('KEYS', `*${where.name}*`)) as string[];
    expect(keys.every((key) => key.startsWith(`{${where.name}}`))).toBe(true);
    const dumps = await Promise.all(keys.map((key) => redis.command('DUMP', key)));
    expect(JSON.stringify(dumps)).not.toContain(TOKEN.slice(0, 20));
  });

  test('a Redis that evicts keys is warned of, one that does not is not', async () => {
    await using simulator = await simulate(1);
    await using evicting = await RedisServer.start(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru']);
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void lines.push(line) };
    await using worker = workerOn({ simulator, redis: evicting, name: 'evicting' }, { logger });
    await worker.connect();
    await until(() => lines.some((line) => line.includes('maxmemory-policy allkeys-lru')));
    await using other = workerOn(place(simulator), { logger });
    lines.length = 0;
    await other.connect();
    expect(lines).toEqual([]);
  });
});
