// Plays somebody who meets the package for the first time: packs it, installs it in empty folders and tries what the README says.
// One line a check, and the output of what failed: `npm run test:stranger [name of a check ...]`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const checks = Object.entries({
  ...installs.checks,
  ...readme.checks,
  ...loggers.checks,
  ...types.checks,
  ...bundles.checks,
  ...runtimes.checks,
  ...importTime.checks,
}).filter(([name]) => asked.length === 0 || asked.some((part) => name.includes(part)));

let failed = 0;
for (const [name, check] of checks) {
  const begun = performance.now();
  const line = (result) => `${result.padEnd(6)} ${name} (${((performance.now() - begun) / 1_000).toFixed(0)} s)`;
  try {
    const found = await check({ root, place, tarball, manifest });
    console.log(line('ok') + (found === undefined ? '' : `: ${found}`));
  } catch (error) {
    if (isOutOfReach(error)) {
      console.error(`NOT PLAYED: ${name}, for the npm registry is out of reach.`);
      continue;
    }
    failed++;
    console.error(`${line('FAILED')}\n${error.message}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
