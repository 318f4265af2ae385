import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

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

/** The layers, from the ground up: each may import its own and those below. */
const layers = [
  'src/util',
  'src/protocol',
  'machines',
  'src/identify',
  'src/actors',
  'src',
  'src/inspector',
  'src/dashboard',
  'src/cli',
] as const;
type Layer = (typeof layers)[number] | 'src/simulator' | 'src/dashboard/page';

function layerOf(path: string): Layer {
  const folder = dirname(path);
  for (const layer of [
    'src/util',
    'src/protocol',
    'src/identify',
    'src/actors',
    'src/simulator',
    'src/inspector',
    'src/dashboard/page',
    'src/dashboard',
    'src/cli',
    'machines',
  ] as const) {
    if (folder === layer || folder.startsWith(`${layer}/`)) return layer;
  }
  return 'src';
}

const isOurs = (specifier: string) => specifier.endsWith('.ts');
const isSimulator = (path: string) => isOurs(path) && layerOf(path) === 'src/simulator';
const isPage = (path: string) => layerOf(path) === 'src/dashboard/page';
const height = (layer: Layer) => layers.indexOf(layer as (typeof layers)[number]);
const inLayer = (...wanted: Layer[]) => sources.filter(({ path }) => wanted.includes(layerOf(path)));

const simulatorMayImport = (imported: string) =>
  isOurs(imported)
    ? ['src/simulator', 'src/protocol'].includes(layerOf(imported))
    : imported.startsWith('node:') || ['ws', 'minizlib'].includes(imported);
const outside = (layer: Layer) => inLayer(layer).flatMap(({ imports }) => imports.filter((name) => !isOurs(name)));

describe('imports run one way', () => {
  test('there is something to look at', () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(sources.flatMap(({ imports }) => imports).filter(isOurs).length).toBeGreaterThan(100);
  });

  test('protocol <- machines <- actors <- the faces <- inspector <- dashboard <- cli', () => {
    const wrong = inLayer(...layers).flatMap(({ path, imports }) =>
      imports
        .filter(isOurs)
        .filter((imported) => height(layerOf(imported)) > height(layerOf(path)))
        .map((imported) => `${path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing below the cli imports the simulator, but that the dashboard knows its faults by name', () => {
    const wrong = inLayer('src/protocol', 'machines', 'src/actors', 'src', 'src/inspector').filter(({ imports }) =>
      imports.some(isSimulator),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
    const known = inLayer('src/dashboard').flatMap(({ path, imports }) =>
      valueImports(path, imports).filter(isSimulator),
    );
    expect(known).toEqual(['src/simulator/namedFaults.ts']);
    const table = sources.filter(({ path }) => path === 'src/simulator/namedFaults.ts');
    expect(table.map(({ path, imports }) => valueImports(path, imports))).toEqual([[]]);
  });

  test('the page imports itself and, of the rest, types alone; nothing imports the page', () => {
    const page = inLayer('src/dashboard/page');
    expect(page.length).toBeGreaterThan(0);
    const wrong = page.flatMap(({ path, imports }) => {
      const values = [...valueImports(path, imports), ...imports.filter((imported) => !isOurs(imported))];
      return values.filter((imported) => !isPage(imported)).map((imported) => `${path} imports ${imported}`);
    });
    const users = sources.filter(({ path, imports }) => !isPage(path) && imports.some(isPage));
    expect([wrong, users.map(({ path }) => path)]).toEqual([[], []]);
  });

  test('the simulator knows only the protocol: what it tests must not be made of what is tested', () => {
    const wrong = inLayer('src/simulator').flatMap(({ path, imports }) =>
      imports.filter((imported) => !simulatorMayImport(imported)).map((imported) => `${path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the protocol imports nothing from outside, the charts only xstate', () => {
    expect(outside('src/protocol')).toEqual([]);
    expect([...new Set(outside('machines'))]).toEqual(['xstate']);
  });

  test('only the inspector imports @xstate/inspect, and when it is used', () => {
    const users = sources.filter(({ imports }) => imports.some((name) => /^@(xstate\/|statelyai\/)/.test(name)));
    expect(users.map(({ path }) => path)).toEqual(['src/inspector/conversion.ts']);
    expect(users[0]?.code).toContain("await import('@xstate/inspect')");
    expect(users[0]?.code).not.toMatch(/from '@/);
  });

  test('nothing imports in a circle', () => {
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

  test.each(inLayer('src/protocol', 'machines').map(({ path, code }) => [path, code] as const))('%s', (_, code) => {
    const words = code.replaceAll(/'[^'\n]*'|`[^`]*`/g, "''");
    expect(forbidden.filter((name) => new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}\\b`).test(words))).toEqual([]);
  });
});

test('no file has more than 350 lines of code', () => {
  const long = sources
    .map(({ path, code }) => ({ path, lines: code.split('\n').filter((line) => line.trim() !== '').length }))
    .filter(({ lines }) => lines > 350);
  expect(long).toEqual([]);
});

test('no source switches a check off', () => {
  const wrong = sources.filter(({ text }) => /@ts-(ignore|nocheck)|oxlint-disable|eslint-disable/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
