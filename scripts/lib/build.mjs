// Makes dist/lib, which is all the code the package has, of what tsc made of the sources: `npm run build`.
import { readFileSync, rmSync } from 'node:fs';
import { writeBundle } from './bundle.mjs';
import { writePage } from './page.mjs';
import { writeTypes } from './types.mjs';

const root = new URL('../../', import.meta.url);
const dist = new URL('dist/', root);
const lib = new URL('lib/', dist);

const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** Each entry of the package's `exports` by its name, with the module of ours that it is. */
const entries = Object.fromEntries(
  Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => (path === '.' ? 'index' : path.slice(2)))
    .map((name) => [name, moduleOf(name)]),
);

function moduleOf(name) {
  if (name === 'index') return 'src/index';
  return name === 'machines' ? 'machines/index' : `src/${name}/index`;
}

rmSync(lib, { recursive: true, force: true });
await writeBundle({ dist, lib, entries: { ...entries, cli: 'src/cli/main' } });
writePage({ root, dist, lib });
writeTypes({ dist, lib, entries });
