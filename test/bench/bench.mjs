// npm run bench -- [--only dispatch,inflate,idle,latency,costs,cores,bots,fleet] [--rounds 5] [--clients bare,shardchart] [--json]
//                  [--compressions zlib-stream,none] [--events 50000] [--chart FILE] [--no-install]
//
// Runs on dist. What each number means is in README.md.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { zlibSync, zlibSyncFlaw } from './zlibSync.mjs';
import { chartOf } from './chart.mjs';
import { contestants, hasZstd, isInstalled } from './contestants.mjs';
import { bots } from './parts/bots.mjs';
import { costs } from './parts/costs.mjs';
import { cores } from './parts/cores.mjs';
import { dispatch } from './parts/dispatch.mjs';
import { fleet } from './parts/fleet.mjs';
import { idle } from './parts/idle.mjs';
import { inflate } from './parts/inflate.mjs';
import { latency } from './parts/latency.mjs';
import { textOf } from './report.mjs';

const PARTS = { dispatch, inflate, idle, latency, costs, cores, bots, fleet };
/** The fleet needs a redis-server, and minutes. */
const USUAL = Object.keys(PARTS).filter((name) => name !== 'fleet');
const COMPRESSIONS = ['zlib-stream', 'none', 'zstd-stream'];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: USUAL.join(',') },
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: contestants.map(({ id }) => id).join(',') },
    compressions: { type: 'string', default: COMPRESSIONS.join(',') },
    events: { type: 'string', default: '50000' },
    'warm-up': { type: 'string', default: '50000' },
    shards: { type: 'string', default: '300,1000' },
    'idle-seconds': { type: 'string', default: '10' },
    rate: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    chart: { type: 'string' },
    'no-install': { type: 'boolean', default: false },
  },
});

function listOf(name, known) {
  const chosen = values[name].split(',');
  const unknown = chosen.filter((one) => !known.includes(one));
  if (unknown.length > 0) throw new Error(`--${name} knows no ${unknown.join(', ')}: ${known.join(', ')}`);
  return chosen;
}

function count(name) {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} takes a whole number from 1 on`);
  return number;
}

const chosen = listOf(
  'clients',
  contestants.map(({ id }) => id),
);
// Every ratio is one to the bare loop.
if (!chosen.includes('bare')) chosen.push('bare');
const compressions = listOf('compressions', COMPRESSIONS);
const only = listOf('only', Object.keys(PARTS));
const isChosen = ({ id }) => chosen.includes(id);

if (!values['no-install'] && contestants.some((one) => isChosen(one) && !isInstalled(one))) {
  console.error('installing the peers in test/bench (npm ci), once');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 2, 2],
  });
}

const skipped = [];
const skip = (what) => {
  skipped.push(what);
  console.error(`SKIPPED: ${what}`);
};
if (!hasZstd && compressions.includes('zstd-stream')) skip(`zstd-stream: Node ${process.version} has no zstd`);
const wanted = new Set(
  contestants.filter(isChosen).filter((one) => {
    if (!isInstalled(one)) skip(`${one.label}: ${one.needs} is not installed (npm ci in test/bench)`);
    return isInstalled(one);
  }),
);
const needsZlibSync = compressions.includes('zlib-stream') || only.some((name) => name !== 'dispatch');
if (zlibSync === null && needsZlibSync) {
  throw new Error(`${zlibSyncFlaw}, and the bare loop needs it: run --only dispatch --compressions none,zstd-stream`);
}

const options = {
  rounds: count('rounds'),
  events: count('events'),
  warmUp: count('warm-up'),
  seed: count('seed'),
  rate: count('rate'),
  kills: count('kills'),
  latencyEvents: Math.min(count('events'), 20_000),
  idleMs: count('idle-seconds') * 1_000,
  shardCounts: values.shards.split(',').map(Number),
  compressions: compressions.filter((one) => hasZstd || one !== 'zstd-stream'),
  isWanted: (one) => wanted.has(one),
  progress: (what) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${what}`),
};

const report = { node: process.version, skipped, parts: {} };
for (const name of only) report.parts[name] = await PARTS[name](options);
options.progress('');
console.log(values.json ? JSON.stringify(report) : textOf(report));
if (values.chart !== undefined) writeFileSync(values.chart, chartOf(report));
