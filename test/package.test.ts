import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, Readonly<Record<string, string>>>>>>;
  readonly typesVersions: Readonly<Record<'*', Readonly<Record<string, readonly string[]>>>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).filter(([name]) => name !== './package.json');

const packed = () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const parsed = JSON.parse(output) as { files: { path: string }[] }[] | Record<string, { files: { path: string }[] }>;
  return Object.values(parsed)[0]?.files.map(({ path }) => path) ?? [];
};

test('publint finds nothing wrong with the package', async () => {
  const { messages, pkg } = await publint({ pkgDir: root, level: 'suggestion', strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('every export has code and types for import and for require, and types where `exports` is unknown', () => {
  for (const [name, entry] of entries) {
    expect(Object.keys(entry), name).toEqual(['import', 'require']);
    const files = Object.values(entry).flatMap((kind) => Object.values(kind as Record<string, string>));
    const older = name === '.' ? [] : (manifest.typesVersions['*'][name.slice(2)] ?? ['nothing']);
    for (const file of [...files, ...older]) expect(existsSync(`${root}${file}`), file).toBe(true);
  }
});

test('a process has one copy of each export, be it imported or required, from the main entry or shardchart/machines', () => {
  const script = `
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const copies = new Map();
    for (const specifier of ${JSON.stringify(entries.map(([name]) => name.replace('.', 'shardchart')))}) {
      for (const face of [await import(specifier), require(specifier)]) {
        for (const [name, value] of Object.entries(face)) copies.set(name, (copies.get(name) ?? new Set()).add(value));
      }
    }
    console.log(JSON.stringify([...copies].map(([name, { size }]) => [name, size])));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });
  const copies = JSON.parse(output) as [string, number][];
  expect(copies.map(([name]) => name)).toEqual(
    expect.arrayContaining(['createShard', 'shardMachine', 'serveDashboard']),
  );
  expect(copies.filter(([, count]) => count > 1)).toEqual([]);
});

test('the main entry loads ws, xstate and at most six files of ours, and neither minizlib nor the inspector nor the page', () => {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    if (!file.startsWith('./')) return;
    const text = readFileSync(`${root}dist/lib/${file}`, 'utf8');
    for (const [, specifier = ''] of text.matchAll(/^(?:import|export)\b.*?"([^"]+)";$/gm)) load(specifier);
  };
  load('./index.js');
  // Modules of Node's come from process.getBuiltinModule: scripts/lib/bundle.mjs has the reason.
  const npm = [...loaded].filter((file) => !file.startsWith('./'));
  expect(npm.toSorted()).toEqual(['ws', 'xstate']);
  expect([...loaded].filter((file) => file.startsWith('./')).length).toBeLessThanOrEqual(6);
});

test('npm pack takes the library, the documentation and examples, and no test, benchmark, source or map', () => {
  const paths = packed();
  expect(paths).toContain('dist/lib/index.js');
  expect(paths).toContain('dist/lib/page.js');
  expect(paths).toContain('docs/README.md');
  expect(paths).toContain('templates/common/gitignore');
  expect(paths).toContain('templates/javascript/package.json');
  const expected =
    /^(dist\/lib\/.*\.(js|cjs|d\.ts|d\.cts)$|dist\/lib\/types\/package\.json$|examples\/.*|templates\/(common|javascript|typescript)\/.*|package\.json$|LICENSE$|.*\.md$)/;
  expect(paths.filter((path) => !expected.test(path))).toEqual([]);
});

/** The registry's page shows them from the repository; installed they would say again what the declarations and the live page have. */
const inRepository = new Set(['visualizations/lifecycle.svg', 'docs/reference/shardchart.md']);

test('each link of README leads to a file or folder of the package, to its picture or reference in the repository, or to the web', () => {
  const paths = packed();
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const links = [...readme.matchAll(/\]\(([^)\s#]+)[^)]*\)|(?:src|href)="([^"#]+)/g)].map(
    ([, text, html]) => text ?? html ?? '',
  );
  expect(links.length).toBeGreaterThan(10);
  const isThere = (link: string) =>
    link.startsWith('https://') ||
    (inRepository.has(link) && existsSync(`${root}${link}`)) ||
    paths.includes(link) ||
    paths.some((path) => path.startsWith(`${link}/`));
  expect(links.filter((link) => !isThere(link))).toEqual([]);
});

test('@xstate/inspect is an optional dependency: its successor @statelyai/inspect, which takes XState v5', () => {
  expect(manifest.optionalDependencies['@xstate/inspect']).toMatch(/^npm:@statelyai\/inspect@\^0\.7\./);
});

test('no dependency of users runs a script when it is installed; zlib-sync of development is declared', () => {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
    packages: Record<string, { dev?: true; peer?: true }>;
  };
  const isBuilt = (path: string) => {
    const file = `${root}${path}/package.json`;
    if (!existsSync(file)) return false;
    const { scripts = {} } = JSON.parse(readFileSync(file, 'utf8')) as { scripts?: Record<string, string> };
    return (
      existsSync(`${root}${path}/binding.gyp`) || ['preinstall', 'install', 'postinstall'].some((at) => at in scripts)
    );
  };
  const installed = Object.entries(packages).filter(([path]) => path !== '' && isBuilt(path));
  expect(installed.map(([path]) => path)).toContain('node_modules/zlib-sync');
  expect(installed.filter(([, { dev }]) => dev !== true)).toEqual([]);
  expect(manifest.allowScripts).toEqual({ 'zlib-sync': true });
});
