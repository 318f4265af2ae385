// Runs the tests of what we rely on in ws and XState against their newest releases, or against the oldest ones that package.json
// allows, in a copy of the sources that has the two beside it: `npm run test:newest [test file or folder ...]`, `npm run test:oldest`.
// Where the registry is out of reach nothing is run, and that is printed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The side doors; then the charts and the socket, which use most of the two packages. */
const TESTS = ['test/sideDoors', 'test/machines', 'test/actors/socket.test.ts', 'test/actors/webSocketFrames.test.ts'];
const COPIED = ['machines', 'src', 'test', 'visualizations', 'vitest.config.ts', 'tsconfig.json'];

const root = new URL('../', import.meta.url);
const [end, ...asked] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const { dependencies, peerDependencies } = manifest;
const PACKAGES = Object.entries({ ws: dependencies.ws, xstate: peerDependencies.xstate }).map(
  ([name, range]) => `${name}@${end === 'oldest' ? range.replace('^', '') : range}`,
);
// Inside the checkout, so that every other package is found in its node_modules.
const copy = new URL('dist/versions/', root);

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: fileURLToPath(copy), stdio: 'inherit', ...options });
  if (error) throw error;
  return status;
}

function install() {
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-timeout=30000', ...PACKAGES],
    { cwd: fileURLToPath(copy), encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (status === 0) return true;
  const isOutOfReach = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E5\d\d/.test(
    stderr,
  );
  if (!isOutOfReach) throw new Error(`npm could not install ${PACKAGES.join(' and ')}:\n${stderr}`);
  console.error(stderr.split('\n').slice(0, 3).join('\n'));
  return false;
}

const versionIn = (folder, name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, folder), 'utf8')).version;

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const { name, version, type, exports, imports } = manifest;
writeFileSync(new URL('package.json', copy), JSON.stringify({ private: true, name, version, type, exports, imports }));
if (!install()) {
  console.error(`NOT TESTED: the ${end} ${PACKAGES.join(' and ')}, for the registry is out of reach.`);
  process.exit(0);
}
for (const [used] of PACKAGES.map((spec) => spec.split('@'))) {
  console.log(`${used}: ${versionIn(root, used)} is locked, ${versionIn(copy, used)} is the ${end}`);
}
// Tests start the build as programs, so it lies beside the copy of its sources.
for (const path of COPIED) cpSync(new URL(path, root), new URL(path, copy), { recursive: true });
for (const part of ['dist/src', 'dist/machines', 'dist/lib'])
  cpSync(new URL(part, root), new URL(part, copy), { recursive: true });

const tests = asked.length > 0 ? asked : TESTS.filter((path) => existsSync(new URL(path, root)));
const status = run(process.execPath, [fileURLToPath(new URL('node_modules/vitest/vitest.mjs', root)), 'run', ...tests]);
rmSync(copy, { recursive: true, force: true });
process.exit(status);
