// Tests of a bot, without Discord. Start them with: node --test test-your-bot.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createShard } from 'shardchart';
import { createGatewaySimulator } from 'shardchart/simulator';

test('a message that comes while the connection is lost arrives after it', async () => {
  const simulator = await createGatewaySimulator();
  const bot = createShard({
    token: 'any',
    intents: ['GuildMessages'],
    url: simulator.url,
    backoff: { initial: 50, max: 500 },
  });
  const contents = [];
  bot.on('MESSAGE_CREATE', ({ content }) => contents.push(content));
  await bot.connect();

  const resumed = new Promise((resolve) => bot.once('resumed', resolve));
  simulator.reset(); // the connection is lost …
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'missed' })); // … and a message comes
  assert.deepEqual(await resumed, { replayed: 1 });
  assert.deepEqual(contents, ['missed']);

  assert.deepEqual(simulator.violations, []); // the bot broke no rule of Discord's
  await bot.shutdown();
  await simulator.close();
});

test('close code 4014 is fatal: the shard does not try again', async () => {
  const simulator = await createGatewaySimulator({ script: [{ at: 'identify', closeWith: 4014 }] });
  const bot = createShard({ token: 'any', intents: ['GuildMessages'], url: simulator.url });
  await assert.rejects(bot.connect(), { code: 'FATAL', closeCode: 4014 });
  await bot.shutdown();
  await simulator.close();
});
