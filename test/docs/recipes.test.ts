import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { answering, examples, runExample, simulate, type RunningExample } from './exampleRig.js';

const GUILD = '41771983423143937';
const CHANNEL = '5';
const BOT = '80351110224678912';

/** A token of Discord's form: discordeno reads the bot's id out of it. */
const TOKEN = `${Buffer.from(BOT).toString('base64')}.made.up`;

const tested = new Set<string>();

/** A test of one recipe, under its name. */
function recipe(name: string, outcome: string, run: (name: string) => Promise<void>): void {
  tested.add(name);
  test(`${name} ${outcome}`, { timeout: 60_000 }, () => run(name));
}

const voiceGuild = { id: GUILD, name: 'chess club', channels: [{ id: CHANNEL, type: 2 }] };

async function endsOnSigint(bot: RunningExample): Promise<void> {
  bot.end('SIGINT');
  expect(await bot.exitCode, bot.output()).toBe(0);
}

recipe('with-discordeno.mjs', 'answers "!ping" of a user, not of a bot, and ends on SIGINT', async (name) => {
  const { simulator, sent } = await answering();
  const bot = runExample(name, simulator, { env: { DISCORD_TOKEN: TOKEN } });
  await bot.prints('1 shards up');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping', author: { bot: true } }));
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  await expect.poll(() => sent, { timeout: 20_000 }).toEqual([['POST /channels/ID/messages', 'pong']]);
  await endsOnSigint(bot);
});

recipe('with-seyfert.mjs', 'is ready when its guilds have come, answers "!ping", and ends on SIGINT', async (name) => {
  const { simulator, sent } = await answering();
  const bot = runExample(name, simulator, { env: { DISCORD_TOKEN: TOKEN } });
  await bot.prints('up as simulated');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  await expect.poll(() => sent, { timeout: 20_000 }).toEqual([['POST /channels/ID/messages', 'pong']]);
  await endsOnSigint(bot);
});

recipe('with-discordjs-voice.mjs', 'sends op 4, and connects with what the two events of voice say', async (name) => {
  const simulator = await simulate({ shards: 1, guilds: [voiceGuild] });
  const bot = runExample(name, simulator, { env: { GUILD_ID: GUILD, VOICE_CHANNEL_ID: CHANNEL } });
  await bot.prints('voice is connecting');
  const { d } = await simulator.waitForFrame(({ op }) => op === 4);
  expect(d).toMatchObject({ guild_id: GUILD, channel_id: CHANNEL });
  await endsOnSigint(bot);
});

/** A Lavalink node that is ready at once, and keeps what it is asked to do. */
async function lavalink() {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (request.method === 'PATCH') bodies.push(JSON.parse(body));
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('{"op":"ready","resumed":false,"sessionId":"of-the-node"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { bodies, url: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

recipe('with-lavalink.mjs', 'hands session, token and endpoint of the voice server to the node', async (name) => {
  const simulator = await simulate({ shards: 1, guilds: [voiceGuild] });
  const node = await lavalink();
  const env = { GUILD_ID: GUILD, VOICE_CHANNEL_ID: CHANNEL, LAVALINK: node.url, LAVALINK_PASSWORD: 'any' };
  const bot = runExample(name, simulator, { env });
  await bot.prints(`a player for ${GUILD}`);
  expect(node.bodies[0]).toEqual({
    voice: {
      channelId: CHANNEL,
      token: expect.any(String),
      endpoint: expect.any(String),
      sessionId: expect.any(String),
    },
  });
  await endsOnSigint(bot);
});

test('every recipe in examples/ is run by a test of this file', () => {
  const recipes = [...examples.keys()].filter((name) => name.startsWith('with-'));
  expect([...tested].toSorted()).toEqual(recipes.toSorted());
});
