import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { examples } from './exampleRig.js';
import { codeBlocks, root, written } from './pages.js';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const program = createProgram(() => {});

/** The error in a call of the command line; null if its command and its options exist. */
function wrongCall(words: readonly string[]): string | null {
  const [name = '', ...rest] = words;
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return `there is no command ${name}`;
  const unknown = rest
    .filter((word) => word.startsWith('--'))
    .filter((word) => ![command, ...command.commands].some(({ options }) => options.some(({ long }) => long === word)));
  return unknown.length === 0 ? null : `${name} has no option ${unknown.join(', ')}`;
}

/** The error in a command of a shell block; null if it can be run. */
function wrongCommand(line: string): string | null {
  const command = line.replace(/\s+#.*$/, '').replace(/^(?:[A-Z_]+=\S+ )+/, '');
  const [tool, first = '', second = '', ...rest] = command.split(/\s+/);
  if (tool === 'npx' && first === 'shardchart') return wrongCall([second, ...rest]);
  if (tool === 'npx' && first === 'vitest')
    return rest.every((path) => existsSync(join(root, path))) ? null : 'no such test';
  if (tool === 'npm' && first === 'run') return second in scripts ? null : `package.json has no script ${second}`;
  if (tool === 'npm' && ['ci', 'test', 'install', 'pack'].includes(first)) return null;
  if (tool === 'node') return examples.has(first.replace('examples/', '')) ? null : `there is no example ${first}`;
  return `unknown command: ${line}`;
}

/** Blocks of output, and the test that holds each. */
const output: Record<string, readonly string[]> = {
  'docs/live-page.md': ['test/docs/walk.test.ts'],
  'docs/how-we-know.md': ['test/docs/counts.test.ts'],
  'docs/command-line.md': ['test/cli/runTable.test.ts'],
};

/** Pages of this package; those of `templates/` speak of the project they are written to. */
const pages = [...written].filter(([path]) => !/^(test|templates)\//.test(path));
const blocksOf = (languages: readonly string[]) =>
  pages.flatMap(([path, text]) =>
    codeBlocks(text)
      .filter(({ language }) => languages.includes(language))
      .map(({ code }) => [path, code] as const),
  );

test.each(blocksOf(['js', 'ts', 'mjs']))(
  '%s: a block of code is part of an example, which a test runs',
  (path, code) => {
    const homes = [...examples].filter(([, text]) => text.includes(code)).map(([name]) => name);
    expect(homes, code).not.toEqual([]);
    expect(
      homes.some((name) => (written.get(path) ?? '').includes(`examples/${name})`)),
      `${path} links ${homes[0]}`,
    ).toBe(true);
  },
);

test.each(blocksOf(['sh']))('%s: the commands of a block exist, with their options', (_, code) => {
  const commands = code
    .trim()
    .split('\n')
    .flatMap((line) => line.split(' && '));
  expect(commands.map(wrongCommand).filter((wrong) => wrong !== null)).toEqual([]);
});

test('commands in the text of the pages exist, with their options', () => {
  const wrong = pages.flatMap(([path, text]) =>
    [...text.matchAll(/`((?:npx shardchart|npm run) [^`]+)`/g)].flatMap(([, commands = '']) =>
      commands.split(' && ').flatMap((command) => {
        const what = wrongCommand(command);
        return what === null ? [] : [`${path}: ${what}`];
      }),
    ),
  );
  expect(wrong).toEqual([]);
});

test('every block of output is held by a test', () => {
  const holding = [...new Set(blocksOf(['']).map(([path]) => path))];
  expect(holding.toSorted()).toEqual(Object.keys(output).toSorted());
  for (const test of Object.values(output).flat()) expect(existsSync(join(root, test)), test).toBe(true);
});

test('the table of letters in docs/command-line.md is the one that the table draws', () => {
  const block = codeBlocks(written.get('docs/command-line.md') ?? '').find(({ language }) => language === '');
  const drawn = readFileSync(join(root, 'test/cli/runTable.test.ts'), 'utf8');
  for (const line of block?.code.trimEnd().split('\n') ?? []) expect(drawn).toContain(`'${line}'`);
});

test('no block has a language that no test here knows', () => {
  const known = new Set(['js', 'ts', 'mjs', 'sh', 'mermaid', '']);
  expect(pages.flatMap(([, text]) => codeBlocks(text)).filter(({ language }) => !known.has(language))).toEqual([]);
});

test('README.md is at most 250 lines long', () => {
  expect((written.get('README.md') ?? '').split('\n').length).toBeLessThanOrEqual(250);
});
