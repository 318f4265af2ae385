// Plays somebody who meets the package for the first time: packs it, installs it in empty folders and tries what the README says.
// One line a check, and the output of what failed: `npm run test:stranger [name of a check ...]`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as bundles from './stranger/bundles.mjs';
import * as importTime from './stranger/importTime.mjs';
import * as installs from './stranger/installs.mjs';
import * as loggers from './stranger/loggers.mjs';
import * as readme from './stranger/readme.mjs';
import * as runtimes from './stranger/runtimes.mjs';
import * as types from './stranger/types.mjs';
import { execute, isOutOfReach } from './stranger/execute.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'stranger-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tarball = join(place, `${manifest.name}-${manifest.version}.tgz`);
await execute(root, ['npm', 'pack', '--ignore-scripts', '--pack-destination', place]);

const asked = process.argv.slice(2);
const wanted = (...groups) =>
  groups
    .flatMap(({ checks }) => Object.entries(checks))
    .filter(([name]) => asked.length === 0 || asked.some((part) => name.includes(part)));

let failed = 0;
async function play([name, check]) {
  const begun = performance.now();
  const line = (result) => `${result.padEnd(6)} ${name} (${((performance.now() - begun) / 1_000).toFixed(0)} s)`;
  try {
    const found = await check({ root, place, tarball, manifest });
    console.log(line('ok') + (found === undefined ? '' : `: ${found}`));
  } catch (error) {
    if (isOutOfReach(error)) return console.error(`NOT PLAYED: ${name}, for the npm registry is out of reach.`);
    failed++;
    console.error(`${line('FAILED')}\n${error.message}`);
  }
}

/** Plays checks, as many at a time as there are cores. The longest stand first. */
async function playAll(checks) {
  const left = checks[Symbol.iterator]();
  const worker = async () => {
    for (const check of left) await play(check);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

await playAll(wanted(types, bundles, runtimes, installs, readme, loggers));
// Alone: the others would take the time that it measures.
for (const check of wanted(importTime)) await play(check);
process.exit(failed === 0 ? 0 : 1);
