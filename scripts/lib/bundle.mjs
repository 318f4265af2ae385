import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

// A process that imports the package opens 5 files of it instead of 270. A module is in one chunk, whichever entries use it: there
// is one copy of each chart, of each class and of what a process shares.
const CHUNKS = [
  { name: 'protocol', test: /dist\/src\/(protocol|util\/(?!localhost))/ },
  // Imported by `shardchart/fleet` and `shardchart/machines`.
  { name: 'fleetCharts', test: /dist\/machines\/(ownership|worker)/ },
  { name: 'charts', test: /dist\/machines/ },
  // Loaded when a connection needs it.
  { name: 'minizlib', test: /dist\/src\/actors\/inflate\/minizlibStreams/ },
  { name: 'client', test: /dist\/src\/(identify|sessions|actors|shard|manager|audit)\// },
  // Imported by `shardchart/fleet` alone.
  { name: 'coordination', test: /dist\/src\/fleet\// },
  { name: 'localhost', test: /dist\/src\/util\/localhost/ },
  { name: 'inspection', test: /dist\/src\/inspector/ },
  { name: 'serving', test: /dist\/src\/dashboard/ },
  { name: 'faults', test: /dist\/src\/simulator\/faults\/namedFaults/ },
  { name: 'simulation', test: /dist\/src\/simulator/ },
];

const BUILTIN = /^import (?:(\w+)|\* as (\w+)|(?:(\w+), )?(\{.*\})) from "(node:[\w/]+)";$/gm;

/**
 * An import of a module of Node's reads each of its properties. Some are getters that load more: all of `fetch` for `node:http`,
 * WebCrypto for `node:crypto`. That is a fifth of the time in which Node 24 imports the package, for nothing that it uses.
 */
const builtins = {
  name: 'builtins',
  renderChunk: (code) =>
    code.replace(BUILTIN, (_, alone, all, first, named, module) => {
      const name = alone ?? all ?? first;
      const parts = [
        ...(name === undefined ? [] : [name]),
        ...(named === undefined ? [] : [named.replaceAll(' as ', ': ')]),
      ];
      return parts.map((part) => `const ${part} = process.getBuiltinModule("${module}");`).join('\n');
    }),
};

/** Writes the ES modules of the package, and for each entry a CommonJS module that requires the same one. */
export async function writeBundle({ dist, lib, entries }) {
  const input = Object.entries(entries).map(([name, module]) => [name, fileURLToPath(new URL(`${module}.js`, dist))]);
  const bundle = await rolldown({
    input: Object.fromEntries(input),
    platform: 'node',
    // Dependencies stay dependencies; the page lies beside the chunks.
    external: [/^[\w@#]/],
    plugins: [builtins],
    preserveEntrySignatures: 'allow-extension',
    onLog: (_level, log) => {
      throw new Error(`rolldown: ${log.message}`);
    },
  });
  await bundle.write({
    dir: fileURLToPath(lib),
    format: 'esm',
    paths: { '#page': './page.js' },
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: { groups: CHUNKS, includeDependenciesRecursively: false },
    // Names in a stack and in a chunk are those of the sources.
    minify: false,
    minifyInternalExports: false,
    // The declarations have the documentation.
    comments: { jsdoc: false, annotation: true, legal: true },
  });
  await bundle.close();
  for (const name of Object.keys(entries)) {
    if (name !== 'cli') writeFileSync(new URL(`${name}.cjs`, lib), `module.exports = require('./${name}.js');\n`);
  }
}
