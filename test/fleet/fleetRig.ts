import { createFleet, type Fleet, type FleetOptions } from '../../src/fleet/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { silentLogger, TOKEN } from '../shard/rig.js';
import type { RedisServer } from './redisRig.js';

/** Life of a lease in tests: short, and long beside a stall of a slow machine. */
export const TTL = 1_500;

export interface Place {
  readonly simulator: GatewaySimulator;
  readonly redis: RedisServer;
  /** Name of the fleet. */
  readonly name: string;
}

/** A worker on this simulator and this Redis. */
export function workerOn({ simulator, redis, name }: Place, options: Partial<FleetOptions> = {}): Fleet {
  return createFleet({
    redis: redis.url,
    name,
    token: TOKEN,
    intents: 1,
    api: simulator.apiUrl,
    identifyWindow: 60,
    lease: { ttl: TTL, beat: 200 },
    logger: process.env['SHOW'] ? console : silentLogger,
    ...options,
  });
}
