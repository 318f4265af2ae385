// Renew the connections, change the number of shards, hand shards to another process: no pause in between.
import { createShardManager } from 'shardchart';

const manager = createShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds'],
  total: 2,
});
await manager.connect();
await manager.restart({ rolling: true }); // a new connection for each shard, one after the other
await manager.reshard(4); // four new shards come up beside the two, then take their place
await manager.scale([0, 1]); // shards 2 and 3 run in another process from now on
console.log(manager.total, [...manager.shards.keys()]);
await manager.shutdown();
