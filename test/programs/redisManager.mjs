// A manager with fixed ids, whose identifies and sessions are in Redis. It tells its parent when a shard comes up.
import { createShardManager } from '../../dist/src/index.js';
import { createRedisIdentifyLimiter, createRedisSessionStore } from '../../dist/src/fleet/index.js';

const { url, redis, name, token, ids, total, window } = JSON.parse(process.argv[2]);
const manager = createShardManager({
  token,
  intents: 1,
  url,
  total,
  ids,
  identifyLimiter: createRedisIdentifyLimiter({ redis, name, window }),
  sessionStore: createRedisSessionStore({ redis, name, sequenceInterval: 50 }),
});
manager.on('ready', (_, shard) => process.send({ shard, up: 'ready' }));
manager.on('resumed', (_, shard) => process.send({ shard, up: 'resumed' }));
await manager.connect();
