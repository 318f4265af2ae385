// The live page of a manager, beside your bot.
import { createShardManager } from 'shardchart';
import { serveDashboard } from 'shardchart/dashboard';

const manager = createShardManager({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds'],
});
const dashboard = serveDashboard(manager); // or a shard; any free port, unless you pass `port`
process.once('SIGINT', async () => {
  await dashboard.stop(); // the shards do not notice
  await manager.shutdown();
});

await dashboard.ready;
console.log(`open ${dashboard.url} in a browser`);
await manager.connect();
console.log(`${manager.shards.size} shards to look at; Ctrl+C ends`);
