import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
  dependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};

test('publint finds nothing wrong with the package', async () => {
  const { messages, pkg } = await publint({ pkgDir: root, level: 'suggestion', strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('every export of package.json leads to a file of code and a file of types', () => {
  for (const entry of Object.values(manifest.exports)) {
    for (const file of typeof entry === 'string' ? [entry] : Object.values(entry)) {
      expect(existsSync(`${root}${file}`), file).toBe(true);
    }
  }
});

test('npm pack takes the build, the page and the pictures, and no test, benchmark or source', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const parsed = JSON.parse(output) as { files: { path: string }[] }[] | Record<string, { files: { path: string }[] }>;
  const paths = Object.values(parsed)[0]?.files.map(({ path }) => path) ?? [];
  expect(paths).toContain('dist/src/index.js');
  expect(paths).toContain('dist/src/dashboard/page/main.js');
  expect(paths).toContain('src/dashboard/page/index.html');
  expect(paths).toContain('visualizations/shard.svg');
  const expected =
    /^(dist\/(src|machines)\/|src\/dashboard\/page\/\w+\.(html|css|svg)$|visualizations\/\w+\.svg$|examples\/[\w-]+\.mjs$|package\.json$|LICENSE$|.*\.md$)/;
  expect(paths.filter((path) => !expected.test(path))).toEqual([]);
});

test('@xstate/inspect is installed as its successor @statelyai/inspect, which takes XState v5', () => {
  expect(manifest.dependencies['@xstate/inspect']).toMatch(/^npm:@statelyai\/inspect@\^0\.7\./);
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
