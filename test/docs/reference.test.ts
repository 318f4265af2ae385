import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { root } from './pages.js';

const isInstalled = existsSync(join(root, 'scripts/reference/node_modules/typedoc'));
if (!isInstalled) {
  process.stderr.write(
    'SKIPPED: docs/reference is not compared. `npm run docs:reference` installs what generates it.\n',
  );
}

const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test.skipIf(!isInstalled)('docs/reference is what the docstrings give', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shardchart-reference-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [join(root, 'scripts/reference/generate.mjs'), '--out', folder]);
  const [generated, committed] = [filesOf(folder), filesOf(join(root, 'docs/reference'))];
  const stale = Object.keys({ ...generated, ...committed }).filter((name) => generated[name] !== committed[name]);
  expect(stale, 'to write it: npm run docs:reference').toEqual([]);
});
