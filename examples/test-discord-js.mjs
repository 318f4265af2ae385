// A bad night of a discord.js bot, offline, in seconds. Start it with: node --test test-discord-js.mjs
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client } from 'discord.js';
import { shardchartStrategy } from 'shardchart/discordjs';
import { createGatewaySimulator } from 'shardchart/simulator';

/** The bot under test: it answers "!ping". */
function createBot(options) {
  const client = new Client({
    intents: ['Guilds', 'GuildMessages', 'MessageContent'],
    ws: { buildStrategy: shardchartStrategy() },
    ...options,
  });
  client.on('messageCreate', async (message) => {
    if (!message.author.bot && message.content === '!ping') await message.reply('pong');
  });
  return client;
}

test('after a reset, a zombie, a reconnect and a lost session the bot has missed nothing', async (t) => {
  const sent = [];
  const simulator = await createGatewaySimulator({
    guilds: [{ id: '41771983423143937', name: 'chess club' }],
    heartbeatInterval: 1_500,
    api: ({ body }) => ({ body: simulator.message({ ...body, id: String(sent.push(body.content)) }) }),
  });
  const client = createBot({ rest: { api: simulator.apiBase } });
  t.after(() => client.destroy().then(() => simulator.close()));
  await Promise.all([once(client, 'clientReady'), client.login('any')]);

  for (const fault of ['reset', 'silence', 'requestReconnect']) {
    simulator[fault](); // the connection is lost, hangs, or Discord wants another one …
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' })); // … and a message comes
    await once(client, 'shardResume');
  }
  simulator.invalidateSession(false); // Discord forgets the session: the bot identifies again
  await once(client, 'shardReady');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  while (sent.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));

  assert.deepEqual(sent, ['pong', 'pong', 'pong', 'pong']);
  assert.equal(simulator.identifies.length, 2);
  assert.deepEqual(simulator.violations, []); // the bot broke no rule of Discord's
});
