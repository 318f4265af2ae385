// A bot on @discordjs/core whose gateway is shardchart's, and which resumes in the next process.
// Start it with: DISCORD_TOKEN=… node discordjs-core.mjs (@discordjs/core 2.6 needs Node 21)
import { Client } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { createFileSessionStore, createShardManager } from 'shardchart';
import { shardchartGateway } from 'shardchart/discordjs';

const token = process.env.DISCORD_TOKEN;
const manager = createShardManager({
  token,
  intents: ['Guilds', 'GuildMessages', 'MessageContent'],
  sessionStore: createFileSessionStore('sessions.json'),
});
const client = new Client({ rest: new REST().setToken(token), gateway: shardchartGateway(manager) });

client.on('MESSAGE_CREATE', async ({ api, data: message }) => {
  if (!message.author.bot && message.content === '!ping') {
    await api.channels.createMessage(message.channel_id, { content: 'pong' });
  }
});
process.once('SIGINT', () => manager.shutdown({ resumable: true }));
await manager.connect();
console.log(`${manager.shards.size} shards up`);
