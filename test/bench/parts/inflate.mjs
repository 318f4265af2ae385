// Inflating alone: the messages of the corpus one after the other, as often a CPU second as a multiple of zlib-sync.
import { constants } from 'node:zlib';
import { createInflater, loadInflater } from '../../../dist/src/actors/inflate/createInflater.js';
import { corpus } from '../corpus.mjs';
import { deflater } from '../frames.mjs';
import { summary } from '../stats.mjs';
import { zlibSync } from '../zlibSync.mjs';

await loadInflater('zlib-stream', 'minizlib');

const ours = (implementation, take) => () => {
  const inflater = createInflater('zlib-stream', implementation);
  return { take: (message) => take(inflater.push(message)), close: () => inflater.close() };
};
const length = (bytes) => bytes.length;
const lengthOfText = (bytes) => bytes.toString().length;

const WAYS = {
  'zlib-sync, to strings': () => {
    const stream = new zlibSync.Inflate({ chunkSize: 65_536, to: 'string' });
    const take = (message) => (stream.push(message, constants.Z_SYNC_FLUSH), stream.result.length);
    return { take, close() {} };
  },
  'shardchart, as bytes': ours('wasm', length),
  'shardchart, to strings': ours('wasm', lengthOfText),
  'minizlib, to strings': ours('minizlib', lengthOfText),
};

export async function inflate({ rounds, events, warmUp, seed, progress }) {
  const deflate = deflater();
  const { warm, measured } = corpus({ seed, guilds: 0, warmUp, events });
  const messages = [...warm, ...measured].map(deflate);
  const cpu = new Map(Object.keys(WAYS).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const lengths = new Set();
    for (const [name, open] of Object.entries(WAYS)) {
      progress(`inflate, round ${round + 1} of ${rounds}: ${name}`);
      const { take, close } = open();
      for (const message of messages.slice(0, warm.length)) take(message);
      const since = process.cpuUsage();
      let all = 0;
      for (let at = warm.length; at < messages.length; at += 1) all += take(messages[at]);
      const { user, system } = process.cpuUsage(since);
      cpu.get(name).push((user + system) / measured.length);
      close();
      if (name.includes('strings')) lengths.add(all);
    }
    if (lengths.size > 1) throw new Error(`not the same texts: ${[...lengths].join(', ')} characters`);
  }
  const [base] = cpu.values();
  const results = [...cpu].map(([name, own]) => ({
    name,
    ratio: summary(own.map((us, round) => base[round] / us)),
    us: summary(own),
  }));
  return { rounds, events, results };
}
