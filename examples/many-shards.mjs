// As many shards as Discord recommends, in one process. SIGTERM or Ctrl+C ends them.
import { createShardManager } from 'shardchart';

const manager = createShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
  total: 'auto', // or a number
});

manager.on('MESSAGE_CREATE', ({ author }, shardId) => console.log(`${author.username} wrote to shard ${shardId}`));
manager.on('exhausted', ({ resetAt }) => console.log('no identifies left until', new Date(resetAt)));
manager.on('error', (error, shardId) => console.error(`shard ${shardId} is refused: ${error.message}`));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => manager.shutdown());
await manager.connect();
console.log(`${manager.shards.size} of ${manager.total} shards up`);
