// A shard: its events by name, its transitions. Ctrl+C ends it; so does a wrong token, and the error says so.
import { createShard } from 'shardchart';

const shard = createShard({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds', 'GuildMessages'],
});

shard.on('MESSAGE_CREATE', (message) => console.log(`${message.author.username} wrote in ${message.channel_id}`));
shard.on('transition', ({ from, to, decision }) => console.log(`${from} -> ${to}`, decision?.reason ?? ''));

process.once('SIGINT', () => shard.shutdown());
await shard.connect();
console.log(`up as shard ${shard.id} of ${shard.total}`);
