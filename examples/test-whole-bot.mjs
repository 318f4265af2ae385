// Tests of a bot that answers, with its requests to Discord's API, offline. Start them with: node --test test-whole-bot.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShard } from 'shardchart';
import { createGatewaySimulator } from 'shardchart/simulator';

/** A bot that answers "!ping", in any channel, unless a bot wrote it. */
function createBot({ api, url }) {
  const intents = ['Guilds', 'GuildMessages', 'DirectMessages', 'MessageContent'];
  const bot = createShard({ token: 'any', intents, url });
  bot.on('MESSAGE_CREATE', async (message) => {
    if (message.author.bot || message.content !== '!ping') return;
    await fetch(`${api}/v10/channels/${message.channel_id}/messages`, {
      method: 'POST',
      headers: { authorization: 'Bot any', 'content-type': 'application/json' },
      body: JSON.stringify({ content: `pong, ${message.author.username}` }),
    });
  });
  return bot;
}

test('"!ping" of a user is answered, "!ping" of a bot is not', async () => {
  const sent = [];
  const simulator = await createGatewaySimulator({
    guilds: [{ id: '41771983423143937', name: 'chess club' }],
    api: ({ method, path, body }) => {
      if (method !== 'POST' || !/^\/channels\/\d+\/messages$/.test(path)) return undefined;
      sent.push(body.content);
      return { body: simulator.message(body) };
    },
  });
  const bot = createBot({ api: simulator.apiBase, url: simulator.url });
  await bot.connect();

  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping', author: { bot: true } }));
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping', author: { username: 'Ada' } }));
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping', guild_id: null })); // a direct message
  while (sent.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(sent, ['pong, Ada', 'pong, somebody']);

  await bot.shutdown();
  await simulator.close();
});

test('a guild that the bot joins comes with its members', async () => {
  const simulator = await createGatewaySimulator();
  const bot = createBot({ api: simulator.apiBase, url: simulator.url });
  await bot.connect();

  const joined = new Promise((resolve) => bot.once('GUILD_CREATE', resolve));
  const members = [simulator.member({ nick: 'countess', user: { username: 'Ada' } }), simulator.member()];
  simulator.dispatch('GUILD_CREATE', simulator.guild({ name: 'chess club', members }));
  const { name, member_count: count } = await joined;
  assert.deepEqual({ name, count }, { name: 'chess club', count: 2 });

  await bot.shutdown();
  await simulator.close();
});
