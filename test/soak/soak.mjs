// Shards under random faults: `npm run soak -- [--faults N] [--seed N] [--shards N]`. docs/fuzz-and-soak.md says what it proves.
// Prints one line of JSON, and ends with 1 where a dispatch was lost or doubled, or a shard identified twice.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { createIdentifyLimiter, createShard } from '../../dist/src/index.js';
import { countOption } from '../countOption.mjs';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1_000_000_000)) },
    shards: { type: 'string', default: '4' },
  },
});
const [faults, seed, total] = ['faults', 'seed', 'shards'].map((name) => countOption(values[name], name));

/** Without a dispatch for so long, a shard hangs. */
const STANDSTILL_MS = 60_000;
const token = 'soak';
const isTerminal = process.stderr.isTTY === true;

/** Counts the dispatches of one shard, which are numbered from 0. */
class Tally {
  expected = 0;
  lost = 0;
  doubled = 0;
  lastAt = Date.now();

  take(n) {
    this.lastAt = Date.now();
    if (n < this.expected) {
      this.doubled += 1;
      return;
    }
    this.lost += n - this.expected;
    this.expected = n + 1;
  }
}

const gateway = fork(fileURLToPath(new URL('gateway.mjs', import.meta.url)), [
  JSON.stringify({ faults, seed, shards: total, token }),
]);
const heard = (type) =>
  new Promise((resolve, reject) => {
    const listener = (message) => {
      if (message.type !== type) return;
      gateway.off('message', listener);
      resolve(message);
    };
    gateway.on('message', listener);
    gateway.once('exit', (code) => reject(new Error(`The gateway's process ended with ${code}.`)));
  });
const done = heard('done');
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const begunAt = Date.now();
const { url } = await heard('ready');
const identifyLimiter = createIdentifyLimiter({ maxConcurrency: total, window: 0 });
const tallies = Array.from({ length: total }, () => new Tally());
const shards = tallies.map((tally, id) => {
  const shard = createShard({
    token,
    intents: 1,
    id,
    total,
    url,
    compression: 'zlib-stream',
    // READY may be as late as it likes: the faults begin after it.
    timeouts: { handshake: 1_000, hello: 1_000, ready: 120_000, resumed: 1_000, close: 100 },
    backoff: { initial: 1, max: 20 },
    identifyLimiter,
    logger: silent,
  });
  shard.on('MESSAGE_CREATE', ({ n }) => tally.take(n));
  return shard;
});
await Promise.all(shards.map((shard) => shard.connect()));

gateway.on('message', (message) => {
  if (message.type !== 'progress' || !isTerminal) return;
  const behind = message.sent - Math.min(...tallies.map(({ expected }) => expected));
  process.stderr.write(`\r\x1b[K${message.faults} of ${faults} faults, ${message.sent} dispatches, ${behind} behind`);
});
gateway.send('start');
const { sent, struck } = await done;
const isBehind = () => tallies.some(({ expected }) => expected < sent);
const hangs = () => Math.max(...tallies.map(({ lastAt }) => lastAt)) < Date.now() - STANDSTILL_MS;
while (isBehind() && !hangs()) await new Promise((resolve) => setTimeout(resolve, 20));

const states = shards.map(({ state }) => state);
gateway.send('report');
const { sessionsLost, identifies, connections, violations } = await heard('report');
await Promise.all(shards.map((shard) => shard.shutdown()));

const sum = (pick) => tallies.reduce((all, tally) => all + pick(tally), 0);
const result = {
  faults: Object.values(struck).reduce((all, times) => all + times, 0),
  shards: total,
  dispatches: sent * total,
  lost: sum((tally) => tally.lost + sent - Math.min(sent, tally.expected)),
  doubled: sum((tally) => tally.doubled),
  identifies,
  sessionsLost,
  connections,
  violations,
  seconds: Math.round((Date.now() - begunAt) / 1_000),
  seed,
  struck,
};
const isGood = result.lost + result.doubled + sessionsLost + violations.length === 0 && identifies === total;
if (isTerminal) process.stderr.write('\r\x1b[K');
console.log(JSON.stringify(isGood ? result : { ...result, states }));
if (!isGood)
  console.error(
    `FAILED. Run the same kinds of faults again: npm run soak -- --faults ${faults} --seed ${seed} --shards ${total}`,
  );
process.exitCode = isGood ? 0 : 1;
