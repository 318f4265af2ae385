// The contestants, each with its adapter of clients/ and the compressions it can take. `needs` is a package of test/bench.
import { existsSync } from 'node:fs';
import * as zlib from 'node:zlib';

export const hasZstd = 'createZstdDecompress' in zlib;

const all = ['zlib-stream', 'none', 'zstd-stream'];

export const contestants = [
  { id: 'bare', label: 'bare loop, everything parsed', adapter: 'bare', compressions: all },
  {
    id: 'bare-messages',
    label: 'bare loop, MESSAGE_CREATE only',
    adapter: 'bare',
    settings: { only: 'MESSAGE_CREATE' },
    compressions: all,
  },
  { id: 'shardchart', label: 'shardchart, everything parsed', adapter: 'shardchart', compressions: all },
  {
    id: 'shardchart-minizlib',
    label: 'shardchart, minizlib',
    adapter: 'shardchart',
    settings: { withoutWebAssembly: true },
    compressions: ['zlib-stream'],
  },
  {
    id: 'shardchart-messages',
    label: 'shardchart, MESSAGE_CREATE only',
    adapter: 'shardchart',
    settings: { only: 'MESSAGE_CREATE' },
    compressions: all,
  },
  {
    id: 'discordjs',
    label: '@discordjs/ws, zlib-sync',
    adapter: 'discordjs',
    settings: { inflate: 'ZlibSync' },
    compressions: ['zlib-stream', 'none'],
    needs: '@discordjs/ws',
  },
  {
    id: 'discordjs-native',
    label: '@discordjs/ws, node:zlib',
    adapter: 'discordjs',
    settings: { inflate: 'ZlibNative' },
    compressions: ['zlib-stream'],
    needs: '@discordjs/ws',
  },
  {
    id: 'discordeno',
    label: '@discordeno/gateway',
    adapter: 'discordeno',
    compressions: all,
    needs: '@discordeno/gateway',
  },
];

/** Whole bots, which only the part `bots` measures. The first is the one that the others are compared with. */
export const bots = [
  { id: 'bot', label: 'discord.js, its own gateway', adapter: 'bot', settings: { gateway: 'own' } },
  { id: 'bot-shardchart', label: 'discord.js, shardchart', adapter: 'bot', settings: { gateway: 'shardchart' } },
  {
    id: 'bot-messages',
    label: 'discord.js, shardchart, `events`: guilds and messages',
    adapter: 'bot',
    settings: { gateway: 'shardchart', events: ['GUILD_CREATE', 'MESSAGE_CREATE'], only: 'MESSAGE_CREATE' },
  },
];

export const contestant = (id) => [...contestants, ...bots].find((one) => one.id === id);

export const isInstalled = ({ needs }) =>
  needs === undefined || existsSync(new URL(`node_modules/${needs}/package.json`, import.meta.url));
