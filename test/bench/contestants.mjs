// Who runs, by what adapter of clients/, and which compressions it can take. `needs` is a package of test/bench.
import { existsSync } from 'node:fs';
import * as zlib from 'node:zlib';

export const hasZstd = 'createZstdDecompress' in zlib;

const all = ['zlib-stream', 'none', 'zstd-stream'];
const peer = (name) => ({ needs: name });

export const contestants = [
  { id: 'bare', label: 'bare loop: ws + zlib-sync + JSON.parse', adapter: 'bare', compressions: all },
  { id: 'shardchart', label: 'shardchart, everything parsed', adapter: 'shardchart', compressions: all },
  {
    id: 'shardchart-minizlib',
    label: 'shardchart, minizlib',
    adapter: 'shardchart',
    settings: { withoutZlibSync: true },
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
    ...peer('@discordjs/ws'),
  },
  {
    id: 'discordjs-native',
    label: '@discordjs/ws, node:zlib',
    adapter: 'discordjs',
    settings: { inflate: 'ZlibNative' },
    compressions: ['zlib-stream'],
    ...peer('@discordjs/ws'),
  },
  {
    id: 'discordeno',
    label: '@discordeno/gateway',
    adapter: 'discordeno',
    compressions: all,
    ...peer('@discordeno/gateway'),
  },
];

export const isInstalled = ({ needs }) =>
  needs === undefined || existsSync(new URL(`node_modules/${needs}/package.json`, import.meta.url));
