// A discordeno bot whose gateway is shardchart's. Start it with: DISCORD_TOKEN=… node with-discordeno.mjs
import { createBot } from '@discordeno/bot';
import { createShardManager } from 'shardchart';

const token = process.env.DISCORD_TOKEN;
const manager = createShardManager({ token, intents: ['Guilds', 'GuildMessages', 'MessageContent'] });
const bot = createBot({
  token,
  desiredProperties: { message: { author: true, channelId: true, content: true }, user: { toggles: true } },
  events: {
    messageCreate: async ({ author, channelId, content }) => {
      if (!author.bot && content === '!ping') await bot.helpers.sendMessage(channelId, { content: 'pong' });
    },
  },
});

const { gateway } = bot;
gateway.spawnShards = () => manager.connect();
gateway.sendPayload = (shardId, payload) => manager.send(shardId, payload);
gateway.shutdown = (code, reason) => manager.shutdown({ code, reason });
manager.on('shard', ({ id }) => gateway.shards.set(id, { id })); // editBotStatus goes through them
manager.on('event', (payload, shardId) => gateway.events.message({ id: shardId }, payload));

process.once('SIGINT', () => bot.shutdown().then(() => process.exit())); // its REST client keeps the process alive
await bot.start();
console.log(`${manager.shards.size} shards up`);
