// A discord.js bot whose shards are shardchart's: two lines more. Start it with: DISCORD_TOKEN=… node discord-js.mjs
import { Client } from 'discord.js';
import { shardchartStrategy } from 'shardchart/discordjs';

const client = new Client({
  intents: ['Guilds', 'GuildMessages', 'MessageContent'],
  ws: { buildStrategy: shardchartStrategy() },
});

client.once('clientReady', () => console.log(`up as ${client.user.username}`));
client.on('messageCreate', async (message) => {
  if (!message.author.bot && message.content === '!ping') await message.reply('pong');
});
process.once('SIGINT', () => client.destroy());
await client.login(process.env.DISCORD_TOKEN);
