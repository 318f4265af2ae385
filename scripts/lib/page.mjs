import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { minifySync } from 'rolldown/utils';

const CHARTS = [
  'lifecycle',
  'shard',
  'heartbeat',
  'bucket',
  'identifyAllowance',
  'identifyQueue',
  'manager',
  'worker',
  'ownership',
];

/**
 * Writes the dashboard's page as one module: its files by request path, as JSON, compressed, in base64. A bundler takes a module along,
 * and no file that is read by its path.
 */
export function writePage({ root, dist, lib }) {
  const files = {};
  const add = (path, file) => {
    const text = readFileSync(file, 'utf8');
    files[path] = path.endsWith('.js') ? compact(path, text) : text;
  };
  const addFolder = (folder, wanted) => {
    const names = readdirSync(folder).filter((name) => wanted.test(name));
    for (const name of names.toSorted()) add(`/page/${name}`, new URL(name, folder));
  };
  const page = new URL('src/dashboard/page/', root);
  add('/', new URL('index.html', page));
  addFolder(new URL('src/dashboard/page/', dist), /\.js$/);
  addFolder(page, /\.(css|svg)$/);
  for (const name of CHARTS) add(`/charts/${name}.svg`, new URL(`visualizations/${name}.svg`, root));
  const packed = brotliCompressSync(JSON.stringify(files)).toString('base64');
  writeFileSync(new URL('page.js', lib), `export const page = '${packed}';\n`);
}

/** Without comments and spaces; names stay, for the stack of an error in a browser. */
const compact = (name, text) =>
  minifySync(name, text, { mangle: false, compress: false, codegen: { removeWhitespace: true } }).code;
