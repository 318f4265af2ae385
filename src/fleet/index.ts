/**
 * A bot over many processes and machines, on Redis.
 *
 * @packageDocumentation
 */
export {
  createRedisIdentifyLimiter,
  type RedisIdentifyLimiter,
  type RedisIdentifyLimiterOptions,
} from './identify/redisIdentifyLimiter.js';
export type { IoRedisClient, NodeRedisClient, RedisTarget } from './redis/redisClient.js';
export { createRedisSessionStore, type RedisSessionStore, type RedisSessionStoreOptions } from './redisSessionStore.js';
