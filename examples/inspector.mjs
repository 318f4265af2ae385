// A running shard in the Stately inspector.
import { createShard } from 'shardchart';
import { attachInspector } from 'shardchart/inspector';

const shard = createShard({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds'],
});
const inspector = attachInspector(shard); // or a manager; shards that already run can be attached too
process.once('SIGINT', async () => {
  await inspector.stop(); // the shard does not notice
  await shard.shutdown();
});

await inspector.ready;
console.log(`open ${inspector.url} in a browser`);
await shard.connect();
console.log(`shows shard ${inspector.attached}; Ctrl+C ends`);
