/**
 * A bot over many processes and machines, on Redis.
 *
 * @packageDocumentation
 */
export {
  consumeFleet,
  type ConsumeFleetOptions,
  type FleetEvent,
  type FleetEventStream,
} from './consume/consumeFleet.js';
export type { FleetWorkerEvents, OwnershipEvents } from './events.js';
export { createFleet, Fleet } from './fleet.js';
export type { FleetOptions } from './fleetOptions.js';
export type { FleetStatus } from './fleetStatus.js';
export {
  createRedisIdentifyLimiter,
  type RedisIdentifyLimiter,
  type RedisIdentifyLimiterOptions,
} from './identify/redisIdentifyLimiter.js';
export type { IoRedisClient, NodeRedisClient, RedisTarget } from './redis/redisClient.js';
export { createRedisSessionStore, type RedisSessionStore, type RedisSessionStoreOptions } from './redisSessionStore.js';
export type { WorkerState } from './worker/workerState.js';
