import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

// A process that imports the package opens 5 files of it instead of 270. A module is in one chunk, whichever entries use it: there
// is one copy of each chart, of each class and of what a process shares.
const CHUNKS = [
  { name: 'protocol', test: /dist\/src\/(protocol|util\/(?!localhost))/ },
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

/** Writes the ES modules of the package, and for each entry a CommonJS module that requires the same one. */
export async function writeBundle({ dist, lib, entries }) {
  const input = Object.entries(entries).map(([name, module]) => [name, fileURLToPath(new URL(`${module}.js`, dist))]);
  const bundle = await rolldown({
    input: Object.fromEntries(input),
    platform: 'node',
    // Dependencies stay dependencies; the page lies beside the chunks.
    external: [/^[\w@#]/],
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
