// Fuzzes what comes from the gateway: `npm run fuzz -- [--seed N] [--seconds N] [--rounds N] [--only inflate,fallback,zlib-sync,frames]`.
// Without --seconds and --rounds it runs until it is stopped. docs/fuzz-and-soak.md says what it proves.
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { frames } from './frames.mjs';
import { inflate } from './inflate.mjs';
import { zlibFlaw } from '../../dist/src/actors/inflate/createInflater.js';
import { countOption } from '../countOption.mjs';

/** Properties by name, and how many runs of each make a round. */
const TARGETS = {
  inflate: { property: inflate('wasm'), runs: 100 },
  fallback: { property: inflate('minizlib'), runs: 100 },
  // Where it is not installed, or would abort this Node, there is nothing to fuzz.
  ...(zlibFlaw('zlib-sync') === null && { 'zlib-sync': { property: inflate('zlib-sync'), runs: 100 } }),
  frames: { property: frames, runs: 40 },
};

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1_000_000_000)) },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string', default: Object.keys(TARGETS).join(',') },
  },
});
const seed = countOption(values.seed, 'seed');
const seconds = values.seconds === undefined ? Infinity : countOption(values.seconds, 'seconds');
const rounds = values.rounds === undefined ? Infinity : countOption(values.rounds, 'rounds');
const names = values.only.split(',');
for (const name of names) {
  if (!Object.hasOwn(TARGETS, name)) throw new Error(`--only is ${name}. Use ${Object.keys(TARGETS).join(', ')}.`);
}

const isTerminal = process.stderr.isTTY === true;
const begunAt = Date.now();
const counts = Object.fromEntries(names.map((name) => [name, 0]));
const summary = () => names.map((name) => `${counts[name]} ${name}`).join(', ');
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const isOver = (round) => stop.signal.aborted || round >= rounds || Date.now() - begunAt >= seconds * 1_000;

if (isTerminal) console.error(`seed ${seed}`);

search: for (let round = 0; !isOver(round); round += 1) {
  for (const name of names) {
    const { property, runs } = TARGETS[name];
    const details = await fc.check(property, { seed: seed + round, numRuns: runs });
    counts[name] += details.numRuns;
    if (details.failed) {
      console.error(`\n${fc.defaultReportMessage(details)}`);
      console.error(`Repeat it: npm run fuzz -- --only ${name} --seed ${seed + round} --rounds 1`);
      process.exitCode = 1;
      break search;
    }
    if (isTerminal) process.stderr.write(`\r\x1b[K${summary()}`);
  }
}
if (isTerminal) process.stderr.write('\r\x1b[K');
console.log(
  `${process.exitCode === 1 ? 'FAILED' : 'ok'}: ${summary()}, seed ${seed}, ${Math.round((Date.now() - begunAt) / 1_000)} s`,
);
