import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { FleetOptions, RedisTarget } from '../../src/fleet/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { until } from '../shard/rig.js';
import { workerOn } from './fleetRig.js';
import { startCluster } from './redisCluster.js';
import { hasRedis, type RedisServer } from './redisRig.js';
import { startSentinel } from './redisSentinel.js';

const require = createRequire(import.meta.url);
type Client = RedisTarget & { connect?(): Promise<unknown>; destroy?(): void; disconnect?(): void; on?: unknown };
const nodeRedis = require('redis') as Record<'createCluster' | 'createSentinel', (options: object) => Client>;
const ioRedis = require('ioredis') as {
  Cluster: new (...args: object[]) => Client;
  Redis: new (options: object) => Client;
};

/** A client of a user's own: its errors are the user's to hear. */
function quiet(client: Client): Client {
  (client as unknown as { on(name: string, listener: () => void): void }).on('error', () => {});
  return client;
}

/** Two workers share the shards, publish, and the second takes over when the first goes. */
async function story(simulator: GatewaySimulator, clients: [RedisTarget, RedisTarget], between = async () => {}) {
  const worker = (redis: RedisTarget) =>
    workerOn({ simulator, redis: { url: '' } as RedisServer, name: 'bot' }, {
      redis,
      publish: true,
    } as Partial<FleetOptions>);
  const first = worker(clients[0]);
  await using second = worker(clients[1]);
  await first.connect();
  await second.connect();
  const isUp = () => [...second.shards.values()].every(({ state }) => state === 'Connected');
  await until(() => second.ids.length === 2 && isUp(), 30_000);
  await first.send(second.ids[0] as number, { op: 3, d: { since: null, activities: [], status: 'idle', afk: false } });
  await between();
  simulator.dispatch('TYPING_START', {});
  const events = async () => (await second.status()).shards.map(({ events: count }) => count);
  // READY, and the one event.
  await expect.poll(events, { timeout: 30_000 }).toEqual([2, 2, 2, 2]);
  await first.shutdown();
  await until(() => second.ids.length === 4 && isUp(), 30_000);
  expect(simulator.identifies).toHaveLength(4);
}

const simulate = () => createGatewaySimulator({ identifyWindow: 50, shards: 4, sendLimit: 10_000 });

describe.runIf(hasRedis)('a fleet on more than one Redis', () => {
  test.each([
    [
      'node-redis',
      (nodes: readonly RedisServer[]) => nodeRedis.createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) }),
    ],
    [
      'ioredis',
      (nodes: readonly RedisServer[]) => new ioRedis.Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port }))),
    ],
  ] as const)('Redis Cluster of three nodes, over %s', async (_, open) => {
    await using simulator = await simulate();
    await using cluster = await startCluster();
    const clients = [quiet(open(cluster.nodes)), quiet(open(cluster.nodes))] as const;
    await Promise.all(clients.map((client) => ('destroy' in client ? client.connect?.() : undefined)));
    await story(simulator, [...clients]);
    for (const client of clients) (client.destroy ?? client.disconnect)?.call(client);
  });

  test('Sentinel promotes the replica while the fleet runs, over ioredis', async () => {
    await using simulator = await simulate();
    await using sentinel = await startSentinel();
    const options = {
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'main',
      maxRetriesPerRequest: null,
    };
    const clients = [quiet(new ioRedis.Redis(options)), quiet(new ioRedis.Redis(options))] as const;
    await story(simulator, [...clients], () => sentinel.failOver());
    for (const client of clients) client.disconnect?.();
  });

  test('a Sentinel client of node-redis, which cannot be duplicated, is refused with what to use instead', async () => {
    await using simulator = await simulate();
    const client = quiet(
      nodeRedis.createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
    );
    await using worker = workerOn({ simulator, redis: { url: '' } as RedisServer, name: 'bot' }, { redis: client });
    await expect(worker.connect()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('Use a client of ioredis for Sentinel') as unknown,
    });
  });
});
