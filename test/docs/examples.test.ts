import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { hasRedis, RedisServer } from '../fleet/redisRig.js';
import { answering, examples, runExample, simulate, temporaryFolder } from './exampleRig.js';

const tested = new Set<string>();

/** A test of one example, under its name. */
function example(name: string, outcome: string, run: (name: string) => Promise<void>): void {
  tested.add(name);
  test(`${name} ${outcome}`, { timeout: 60_000 }, () => run(name));
}

/** Takes every call of Discord's API, and keeps it. */
async function recordingApi() {
  const calls: { method: string | undefined; path: string | undefined; authorization: unknown; body: unknown }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      calls.push({ method, path, authorization: headers.authorization, body: JSON.parse(body) });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

example(
  'bot.mjs',
  'answers "!ping" over the API, ignores other messages and bots, and ends on SIGINT',
  async (name) => {
    const simulator = await simulate();
    const api = await recordingApi();
    const bot = runExample(name, simulator, { api: api.url });
    await bot.prints('up as shard 0 of 1');
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ channel_id: '7', content: 'hello' }));
    simulator.dispatch(
      'MESSAGE_CREATE',
      simulator.message({ channel_id: '7', content: '!ping', author: { bot: true } }),
    );
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ channel_id: '7', content: '!ping' }));
    await expect
      .poll(() => api.calls, { timeout: 20_000 })
      .toEqual([
        {
          method: 'POST',
          path: '/channels/7/messages',
          authorization: 'Bot example.token.of.the.documentation',
          body: { content: 'pong' },
        },
      ]);
    bot.end('SIGINT');
    expect(await bot.exitCode).toBe(0);
    expect(bot.output()).toContain('Connected -> Disconnected');
  },
);

test.runIf(hasRedis)(
  'fleet.mjs runs all shards, and on SIGTERM gives them to the next worker',
  { timeout: 60_000 },
  async () => {
    await using redis = await RedisServer.start();
    const simulator = await simulate();
    process.env['REDIS_URL'] = redis.url;
    onTestFinished(() => void delete process.env['REDIS_URL']);
    const first = runExample('fleet.mjs', simulator);
    await first.prints('2 of 2 shards run here');
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }), 1);
    await first.prints('wrote to shard 1');
    first.end('SIGTERM');
    expect(await first.exitCode).toBe(0);
    expect(first.output()).toContain('shard 0 is given');
    const second = runExample('fleet.mjs', simulator);
    await second.prints('shard 0 resumes here');
    await second.prints('2 of 2 shards run here');
    second.end('SIGTERM');
    expect(await second.exitCode).toBe(0);
    expect(simulator.identifies).toHaveLength(2);
  },
);
tested.add('fleet.mjs');

test.runIf(hasRedis)(
  'fleet-consumer.mjs prints the messages that fleet.mjs publishes, and another goes on where it ended',
  { timeout: 60_000 },
  async () => {
    await using redis = await RedisServer.start();
    const simulator = await simulate();
    process.env['REDIS_URL'] = redis.url;
    onTestFinished(() => void delete process.env['REDIS_URL']);
    const joined = () => redis.command('EXISTS', '{my-bot}:group:log');
    const consumer = runExample('fleet-consumer.mjs', null);
    await expect.poll(joined, { timeout: 20_000 }).toBe(1);
    const worker = runExample('fleet.mjs', simulator);
    await worker.prints('2 of 2 shards run here');
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }), 1);
    await consumer.prints('shard 1: hello');
    consumer.end('SIGTERM');
    expect(await consumer.exitCode).toBe(0);
    simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'are you there?' }), 0);
    const next = runExample('fleet-consumer.mjs', null);
    await next.prints('shard 0: are you there?');
    expect(next.output()).not.toContain('hello');
    for (const process of [next, worker]) process.end('SIGTERM');
    expect([await next.exitCode, await worker.exitCode]).toEqual([0, 0]);
  },
);
tested.add('fleet-consumer.mjs');

example('slash-command.mjs', 'registers /ping, answers it over the API, and ends on SIGINT', async (name) => {
  const calls: unknown[] = [];
  const simulator = await simulate({
    api: ({ method, path, body }) => {
      calls.push([`${method} ${path}`, body]);
      return { body: {} };
    },
  });
  const bot = runExample(name, simulator);
  await bot.prints('up; write /ping');
  await expect
    .poll(() => calls, { timeout: 20_000 })
    .toEqual([['PUT /applications/80351110224678912/commands', [{ name: 'ping', description: 'Answers with pong' }]]]);
  simulator.dispatch('INTERACTION_CREATE', { id: '1', token: 'of-the-interaction', type: 2, data: { name: 'other' } });
  simulator.dispatch('INTERACTION_CREATE', { id: '2', token: 'of-the-interaction', type: 2, data: { name: 'ping' } });
  await expect
    .poll(() => calls.slice(1), { timeout: 20_000 })
    .toEqual([['POST /interactions/2/of-the-interaction/callback', { type: 4, data: { content: 'pong' } }]]);
  bot.end('SIGINT');
  expect(await bot.exitCode).toBe(0);
});

example('discord-js.mjs', 'answers "!ping" of a user, not of a bot, and ends on SIGINT', async (name) => {
  const { simulator, sent } = await answering();
  const bot = runExample(name, simulator);
  await bot.prints('up as simulated');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping', author: { bot: true } }));
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  await expect.poll(() => sent, { timeout: 20_000 }).toEqual([['POST /channels/ID/messages', 'pong']]);
  bot.end('SIGINT');
  expect(await bot.exitCode, bot.output()).toBe(0);
});

example('discordjs-core.mjs', 'answers "!ping", and resumes in the next process with what was missed', async (name) => {
  const { simulator, sent } = await answering();
  const folder = temporaryFolder();
  const first = runExample(name, simulator, { folder });
  await first.prints('1 shards up');
  first.end('SIGINT');
  expect(await first.exitCode, first.output()).toBe(0);
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  const second = runExample(name, simulator, { folder });
  await expect.poll(() => sent, { timeout: 20_000 }).toEqual([['POST /channels/ID/messages', 'pong']]);
  second.end('SIGINT');
  expect(await second.exitCode, second.output()).toBe(0);
  expect(simulator.identifies).toHaveLength(1);
});

example('test-discord-js.mjs', 'passes its test', async (name) => {
  const tests = runExample(name, null);
  expect(await tests.exitCode, tests.output()).toBe(0);
  expect(tests.output()).toMatch(/fail 0/);
});

example('one-shard.mjs', 'hears messages, prints its transitions and ends on SIGINT', async (name) => {
  const simulator = await simulate();
  const bot = runExample(name, simulator);
  await bot.prints('up as shard 0 of 1');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ channel_id: '7' }));
  await bot.prints('somebody wrote in 7');
  bot.end('SIGINT');
  expect(await bot.exitCode).toBe(0);
  expect(bot.output()).toContain('Connected -> Disconnected');
});

example('many-shards.mjs', 'runs the recommended shards and ends on SIGTERM', async (name) => {
  const simulator = await simulate();
  const bot = runExample(name, simulator);
  await bot.prints('2 of 2 shards up');
  simulator.dispatch('MESSAGE_CREATE', simulator.message(), 1);
  await bot.prints('somebody wrote to shard 1');
  bot.end('SIGTERM');
  expect(await bot.exitCode).toBe(0);
});

example('across-restarts.mjs', 'resumes every shard in the next process, with what was missed', async (name) => {
  const simulator = await simulate();
  const folder = temporaryFolder();
  const first = runExample(name, simulator, { folder });
  await first.prints('2 shards up');
  expect(first.output()).toContain('shard 1 identified');
  first.end('SIGTERM');
  expect(await first.exitCode).toBe(0);

  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'missed' }), 1);
  const second = runExample(name, simulator, { folder });
  await second.prints('2 shards up');
  await second.prints('message: missed');
  expect(second.output()).toContain('shard 1 resumed');
  expect(simulator.identifies).toHaveLength(2);
  second.end('SIGTERM');
  expect(await second.exitCode).toBe(0);
});

example('resume.mjs', 'resumes and spends one identify', async (name) => {
  const simulator = await simulate();
  const bot = runExample(name, simulator);
  expect(await bot.exitCode).toBe(0);
  expect(bot.output()).toContain('resumed, 0 missed dispatches replayed');
  expect(simulator.identifies).toHaveLength(1);
});

example('resharding.mjs', 'restarts, reshards and scales with two and four identifies', async (name) => {
  const simulator = await simulate();
  const bot = runExample(name, simulator);
  expect(await bot.exitCode).toBe(0);
  expect(bot.output().trim()).toBe('4 [ 0, 1 ]');
  expect(simulator.identifies).toHaveLength(2 + 4);
});

example('commands.mjs', 'gets members, a voice server and events, and ends on SIGINT', async (name) => {
  const members = Array.from({ length: 5 }, (_, id) => ({ user: { id: String(id + 1), username: `user ${id}` } }));
  const simulator = await simulate({
    guilds: [{ id: '41771983423143937', name: 'a guild', members, channels: [{ id: '5', type: 2 }] }],
  });
  const bot = runExample(name, simulator, { env: { GUILD_ID: '41771983423143937', VOICE_CHANNEL_ID: '5' } });
  await bot.prints('5 members whose name begins with "us"');
  await bot.prints('chunk 1 of 1');
  await bot.prints(/voice server \S+/);
  await expect
    .poll(
      () => {
        simulator.dispatch('TYPING_START', {});
        return bot.output();
      },
      { timeout: 20_000 },
    )
    .toContain('TYPING_START');
  bot.end('SIGINT');
  expect(await bot.exitCode).toBe(0);
  const ops = simulator.frames.filter(({ direction }) => direction === 'client').map(({ op }) => op);
  expect(ops).toEqual(expect.arrayContaining([3, 4, 8]));
});

example('audit-log.mjs', 'prints its transitions and replays its own log', async (name) => {
  const bot = runExample(name, await simulate(), { folder: temporaryFolder() });
  expect(await bot.exitCode).toBe(0);
  expect(bot.output()).toMatch(/Connecting -> Identifying/);
  expect(bot.output()).toContain('{ ok: true, records: 5, shards: 1 }');
});

example('live-page.mjs', 'serves a page and ends on SIGINT', async (name) => {
  const bot = runExample(name, await simulate());
  await bot.prints('2 shards to look at');
  const [, url = ''] = /open (\S+) in a browser/.exec(bot.output()) ?? [];
  expect(await (await fetch(url)).text()).toContain('<html');
  bot.end('SIGINT');
  expect(await bot.exitCode).toBe(0);
});

example('inspector.mjs', 'shows the shard and ends on SIGINT', async (name) => {
  const bot = runExample(name, await simulate());
  await bot.prints('shows shard 0; Ctrl+C ends');
  expect(bot.output()).toMatch(/^open http:\/\/127\.0\.0\.1:\d+\/ in a browser/);
  bot.end('SIGINT');
  expect(await bot.exitCode).toBe(0);
});

example('test-your-bot.mjs', 'passes all its tests', async (name) => {
  const tests = runExample(name, null);
  expect(await tests.exitCode, tests.output()).toBe(0);
  expect(tests.output()).toMatch(/fail 0/);
});

example('test-whole-bot.mjs', 'passes all its tests', async (name) => {
  const tests = runExample(name, null);
  expect(await tests.exitCode, tests.output()).toBe(0);
  expect(tests.output()).toMatch(/fail 0/);
});

example('chart.mjs', 'decides on close code 4014 with the chart alone', async (name) => {
  const chart = runExample(name, null);
  expect(await chart.exitCode).toBe(0);
  expect(chart.output().trim()).toBe("{ Offline: 'fatal' } 4014 disallowed intents");
});

test('every file in examples/ but the recipes is run by a test of this file', () => {
  const others = [...examples.keys()].filter((name) => !name.startsWith('with-'));
  expect([...tested].toSorted()).toEqual(others.toSorted());
});
