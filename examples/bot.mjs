// A bot that answers "!ping". Start it with: DISCORD_TOKEN=… node bot.mjs
import { createShard } from 'shardchart';

const token = process.env.DISCORD_TOKEN;
const shard = createShard({ token, intents: ['Guilds', 'GuildMessages', 'MessageContent'] });

shard.on('MESSAGE_CREATE', async (message) => {
  if (message.author.bot || message.content !== '!ping') return;
  const response = await fetch(`https://discord.com/api/v10/channels/${message.channel_id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'pong' }),
  });
  if (!response.ok) console.error(`Discord did not take the answer: HTTP ${response.status}`);
});
shard.on('transition', ({ from, to, decision }) => console.log(`${from} -> ${to}`, decision?.reason ?? ''));

process.once('SIGINT', () => shard.shutdown());
await shard.connect();
console.log(`up as shard ${shard.id} of ${shard.total}`);
