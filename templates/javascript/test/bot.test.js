// Tests of the bot on a simulated gateway and API: they need no network, and no token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGatewaySimulator } from 'shardchart/simulator';
import { createBot } from '../src/bot.js';

/** Starts the bot on a simulator. `requests` has what the bot sent to the API: `POST /channels/7/messages`. */
async function start(t) {
  const requests = [];
  const simulator = await createGatewaySimulator({
    guilds: [{ id: '41771983423143937', name: 'my guild' }],
    api: ({ method, path, body }) => {
      requests.push({ request: `${method} ${path}`, body });
      return { body: {} };
    },
  });
  const bot = createBot({ token: 'a-test-needs-no-real-token', url: simulator.url, api: simulator.apiBase });
  t.after(async () => {
    await bot.shutdown();
    await simulator.close();
  });
  await bot.connect();
  return { simulator, requests };
}

/** Resolves with the bodies of the requests to a path, once there are `count` of them. */
async function bodies(requests, request, count = 1) {
  for (;;) {
    const found = requests.filter((each) => each.request === request);
    if (found.length >= count) return found.map(({ body }) => body);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('the command /ping is registered, and answered with pong', { timeout: 30_000 }, async (t) => {
  const { simulator, requests } = await start(t);
  const [registered] = await bodies(requests, 'PUT /applications/80351110224678912/commands');
  assert.deepEqual(registered, [{ name: 'ping', description: 'Answers with pong' }]);

  simulator.dispatch('INTERACTION_CREATE', { id: '1', token: 'of-the-interaction', type: 2, data: { name: 'ping' } });
  const [answer] = await bodies(requests, 'POST /interactions/1/of-the-interaction/callback');
  assert.deepEqual(answer, { type: 4, data: { content: 'pong' } });
});

test('"!ping" is answered with pong; other messages, and those of bots, are not', { timeout: 30_000 }, async (t) => {
  const { simulator, requests } = await start(t);
  for (const fields of [{ content: 'hello' }, { content: '!ping', author: { bot: true } }, { content: '!ping' }])
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ channel_id: '7', ...fields }));
  assert.deepEqual(await bodies(requests, 'POST /channels/7/messages'), [{ content: 'pong' }]);
});

test('a message that comes while the connection is lost is answered', { timeout: 30_000 }, async (t) => {
  const { simulator, requests } = await start(t);
  simulator.reset();
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ channel_id: '7', content: '!ping' }));
  assert.deepEqual(await bodies(requests, 'POST /channels/7/messages'), [{ content: 'pong' }]);
  assert.deepEqual(simulator.violations, []);
});
