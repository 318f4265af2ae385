import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exceptions, folderOf, rules, type Rule } from './importRules.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Source {
  readonly path: string;
  readonly text: string;
  /** The code alone: a comment may speak of what the code may not use. */
  readonly code: string;
  /** Bare specifiers as they are written, relative ones as a path from the root. */
  readonly imports: readonly string[];
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
  const specifiers = [...code.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    ([, specifier = '']) => specifier,
  );
  const imports = specifiers
    // Words in quotes after a "from" in a text.
    .filter((specifier) => !/\s/.test(specifier))
    .map((specifier) =>
      specifier.startsWith('.')
        ? relative(root, join(root, dirname(path), specifier)).replace(/\.js$/, '.ts')
        : specifier,
    );
  return { path, text, code, imports };
}

const sources = ['machines', 'src']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((it) => join(folder, it)),
  )
  .filter((path) => path.endsWith('.ts'))
  .toSorted()
  .map(read);

const isOurs = (specifier: string) => specifier.endsWith('.ts');
const packageOf = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
const inFolder = (...wanted: string[]) => sources.filter(({ path }) => wanted.includes(folderOf(path)));

function isAllowed({ path, imports }: Source, imported: string): boolean {
  const from = folderOf(path);
  const { ours, npm = [], node = false } = rules[from] as Rule;
  if (imported.startsWith('node:')) return node;
  if (!isOurs(imported)) return npm.includes(packageOf(imported));
  const to = folderOf(imported);
  if (to === from || ours.includes(to)) return true;
  const exception = exceptions.find((one) => one.from === from && one.to === imported);
  if (exception === undefined) return false;
  return !exception.typesOnly || !valueImports(path, imports).includes(imported);
}

describe('imports run one way', () => {
  test('the reader of imports finds the files and their imports', () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(sources.flatMap(({ imports }) => imports).filter(isOurs).length).toBeGreaterThan(100);
  });

  test('every folder has a row in the table, and every row a folder', () => {
    expect([...new Set(sources.map(({ path }) => folderOf(path)))].toSorted()).toEqual(Object.keys(rules).toSorted());
  });

  test('src/ has one loose file, index.ts', () => {
    expect(sources.filter(({ path }) => dirname(path) === 'src').map(({ path }) => path)).toEqual(['src/index.ts']);
  });

  test.each(Object.keys(rules))('%s imports what its row allows and nothing else', (folder) => {
    const wrong = inFolder(folder).flatMap((source) =>
      source.imports
        .filter((imported) => !isAllowed(source, imported))
        .map((imported) => `${source.path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the table itself has no circle: some folder imports only folders that are already placed, until all are', () => {
    const placed = new Set<string>();
    const open = new Map(Object.entries(rules).map(([folder, { ours }]) => [folder, ours]));
    for (let before = -1; before !== placed.size;) {
      before = placed.size;
      for (const [folder, ours] of open) if (ours.every((other) => placed.has(other))) placed.add(folder);
    }
    expect([...open.keys()].filter((folder) => !placed.has(folder))).toEqual([]);
  });

  test('every npm package of a row is imported in its folder', () => {
    const unused = Object.entries(rules).flatMap(([folder, { npm = [] }]) => {
      const used = new Set(inFolder(folder).flatMap(({ imports }) => imports.map(packageOf)));
      return npm.filter((name) => !used.has(name)).map((name) => `${folder} does not import ${name}`);
    });
    expect(unused).toEqual([]);
  });

  test('every exception of the table is used', () => {
    const unused = exceptions.filter(({ from, to }) => !inFolder(from).some(({ imports }) => imports.includes(to)));
    expect(unused).toEqual([]);
  });

  test('the named faults import nothing at run time: the dashboard loads no simulator with them', () => {
    const table = sources.find(({ path }) => path === 'src/simulator/faults/namedFaults.ts');
    expect(table && valueImports(table.path, table.imports)).toEqual([]);
  });

  test('no file outside of the page imports the page', () => {
    const users = sources.filter(
      ({ path, imports }) =>
        folderOf(path) !== 'dashboard/page' && imports.filter(isOurs).some((it) => folderOf(it) === 'dashboard/page'),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  test('only the inspector imports @xstate/inspect, and when it is used', () => {
    const users = sources.filter(({ imports }) => imports.some((name) => /^@(xstate\/|statelyai\/)/.test(name)));
    expect(users.map(({ path }) => path)).toEqual(['src/inspector/conversion.ts']);
    expect(users[0]?.code).toContain("await import('@xstate/inspect')");
    expect(users[0]?.code).not.toMatch(/from '@/);
  });

  test('no file imports itself, whichever way round', () => {
    const graph = new Map(sources.map(({ path, imports }) => [path, valueImports(path, imports)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      if (done.has(path) || way.includes(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
      done.add(path);
    };
    for (const { path } of sources) visit(path, []);
    expect(circles).toEqual([]);
  });
});

/** Types vanish at run time: a circle of them alone does no harm. */
function valueImports(path: string, imports: readonly string[]): string[] {
  const { code } = sources.find((source) => source.path === path) as Source;
  const types = new Set(
    [...code.matchAll(/\b(?:import|export) type [^;]*?from\s*'([^']+)'/g)].map(([, specifier = '']) =>
      relative(root, join(root, dirname(path), specifier)).replace(/\.js$/, '.ts'),
    ),
  );
  return imports.filter((imported) => isOurs(imported) && !types.has(imported));
}

describe('the charts and the protocol use no clock, no randomness and no I/O', () => {
  const forbidden = [
    'Date',
    'performance',
    'Math.random',
    'crypto',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'console',
    'process',
    'Buffer',
    'fetch',
    'WebSocket',
  ];

  test.each(inFolder('protocol', 'machines').map(({ path, code }) => [path, code] as const))('%s', (_, code) => {
    const words = code.replaceAll(/'[^'\n]*'|`[^`]*`/g, "''");
    expect(forbidden.filter((name) => new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}\\b`).test(words))).toEqual([]);
  });
});

test('no file has more than 350 lines, comments included', () => {
  const long = sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 350);
  expect(long).toEqual([]);
});

test('no source switches a check off', () => {
  const wrong = sources.filter(({ text }) => /@ts-(ignore|nocheck)|oxlint-disable|eslint-disable/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
