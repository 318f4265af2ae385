import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** What the types of the package may need: a user who checks them with `skipLibCheck: false` has these. */
const PACKAGES = /^(node:\w+|xstate|discord-api-types\/v10)$/;

const SPECIFIER = /\b(?:from|import\()\s*['"]([^'"]+)['"]/g;

/**
 * Copies the declarations that an entry leads to. They exist once, for `import` and `require`: their folder is CommonJS, whose types
 * TypeScript lets both use, and each entry has a declaration of its own kind that exports all of them.
 */
export function writeTypes({ dist, lib, entries }) {
  const types = new URL('types/', lib);
  const seen = new Set();
  const copy = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = indented(forOlderXState(readFileSync(new URL(path, dist), 'utf8')));
    const copied = new URL(path, types);
    mkdirSync(new URL('./', copied), { recursive: true });
    writeFileSync(copied, text);
    for (const [, specifier] of text.matchAll(SPECIFIER)) {
      if (specifier.startsWith('.')) copy(pathOf(specifier, path));
      else if (!PACKAGES.test(specifier)) {
        throw new Error(
          `${path} needs the types of ${specifier}, which a user may not have. Name a type of ours there.`,
        );
      }
    }
  };
  for (const [name, module] of Object.entries(entries)) {
    copy(`${module}.d.ts`);
    for (const kind of ['ts', 'cts']) {
      writeFileSync(new URL(`${name}.d.${kind}`, lib), `export * from './types/${module}.js';\n`);
    }
  }
  writeFileSync(new URL('package.json', types), '{ "type": "commonjs" }\n');
}

/** XState 5.33 gave StateMachine a 15th parameter, behind the states, and ours is its default. Older releases know 14. */
const forOlderXState = (text) => text.replaceAll('}, import("xstate").MetaObject>', '}>');

/** Indented by tabs: the four spaces of tsc are a twentieth of all declarations. */
const indented = (text) => text.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));

/** The path of a declaration within dist. */
function pathOf(specifier, importer) {
  const base = 'file:///';
  return new URL(specifier, base + importer).href.slice(base.length).replace(/\.js$/, '.d.ts');
}
