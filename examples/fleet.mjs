// One worker of a bot that runs over many processes and machines. Start it as often as you like; SIGTERM gives its shards away.
import { createFleet } from 'shardchart/fleet';

const fleet = createFleet({
  redis: process.env.REDIS_URL, // 'redis://127.0.0.1:6379'
  name: 'my-bot',
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
  publish: true, // to Redis streams, for consumers
});

fleet.on('MESSAGE_CREATE', ({ author }, shardId) => console.log(`${author.username} wrote to shard ${shardId}`));
fleet.on('claimed', ({ resumable }, shardId) =>
  console.log(`shard ${shardId} ${resumable ? 'resumes' : 'begins'} here`),
);
fleet.on('lost', ({ reason }, shardId) => console.log(`shard ${shardId} is ${reason}`));

process.once('SIGTERM', () => fleet.shutdown());
await fleet.connect();
console.log(`${fleet.ids.length} of ${fleet.total} shards run here`);
