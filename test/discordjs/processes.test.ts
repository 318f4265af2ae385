import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShardingManager } from 'discord.js';
import { expect, onTestFinished, test } from 'vitest';
import { TOKEN } from '../shard/rig.js';
import { gateway } from './rig.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A folder in the checkout, where `shardchart` and discord.js are found; removed when the test is over. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'dist/discordjs-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A bot in CommonJS, as most bots of discord.js are. */
const BOT = `
  const { Client } = require('discord.js');
  const { shardchartStrategy } = require('shardchart/discordjs');
  const client = new Client({
    intents: 1,
    rest: { api: process.env.API },
    ws: { buildStrategy: shardchartStrategy() },
  });
  client.once('clientReady', () => {
    console.log('up as ' + client.user.username);
    if (process.env.ENDS) client.destroy();
  });
  client.login(process.env.TOKEN);
`;

test('a bot in CommonJS goes up, and its process ends by itself after destroy()', async () => {
  const simulator = await gateway();
  const folder = folderWith({ 'bot.cjs': BOT });
  const env = { ...process.env, API: simulator.apiBase, TOKEN, ENDS: 'yes' };
  const child = spawn(process.execPath, [join(folder, 'bot.cjs')], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  expect(await new Promise((resolve) => child.once('exit', resolve)), output).toBe(0);
  expect(output).toBe('up as simulated\n');
  expect(simulator.connections).toMatchObject([{ closeCode: 1000 }]);
});

test('the two children of a ShardingManager run a shard each of two, and say when they resume', async () => {
  const simulator = await gateway({ shards: 2, maxConcurrency: 2 });
  const folder = folderWith({ 'bot.cjs': BOT });
  const manager = new ShardingManager(join(folder, 'bot.cjs'), {
    totalShards: 2,
    token: TOKEN,
    respawn: false,
    silent: true,
  });
  Object.assign(process.env, { API: simulator.apiBase, TOKEN });
  onTestFinished(() => {
    for (const shard of manager.shards.values()) shard.kill();
    delete process.env.API;
    delete process.env.TOKEN;
  });
  const resumed: number[] = [];
  manager.on('shardCreate', (shard) => shard.on('resume', () => resumed.push(shard.id)));
  await manager.spawn({ amount: 2, delay: 0 });
  expect(await manager.fetchClientValues('user.username')).toEqual(['simulated', 'simulated']);
  expect(simulator.identifies.map(({ shardId, total }) => [shardId, total])).toEqual([
    [0, 2],
    [1, 2],
  ]);
  simulator.reset();
  await expect.poll(() => resumed.toSorted(), { timeout: 20_000 }).toEqual([0, 1]);
});

/** A program that gives a strategy and a gateway to every library. */
const PROGRAM = `
  import { Client } from 'discord.js';
  import { Client as CoreClient } from '@discordjs/core';
  import { REST } from '@discordjs/rest';
  import { WebSocketManager as Version1 } from 'discordjs-ws-1';
  import { WebSocketManager as Version2 } from 'discordjs-ws-2';
  import { createShardManager } from 'shardchart';
  import { shardchartGateway, shardchartStrategy } from 'shardchart/discordjs';

  const rest = new REST();
  const buildStrategy = shardchartStrategy({ reserve: 3, options: { events: ['GUILD_CREATE'] } });
  export const gateway = shardchartGateway(createShardManager({ token: 'any', intents: ['Guilds'] }));
  export const clients = [new Client({ intents: [], ws: { buildStrategy } }), new CoreClient({ rest, gateway })];
  new Version1({ token: 'any', intents: 0, rest, buildStrategy });
  new Version2({ token: 'any', intents: 0, rest, buildStrategy });
`;

test(
  'the types fit discord.js, @discordjs/ws and @discordjs/core with skipLibCheck: false',
  { timeout: 120_000 },
  () => {
    const folder = folderWith({ 'program.mts': PROGRAM });
    const flags = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext'];
    const tsc = join(root, 'node_modules/.bin/tsc');
    const program = [...flags, '--target', 'es2022', '--types', 'node', join(folder, 'program.mts')];
    const output = (() => {
      try {
        return execFileSync(tsc, program, { cwd: folder, encoding: 'utf8' });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    })();
    expect(output).toBe('');
  },
);
