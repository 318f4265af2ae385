import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commentsOf, opensWithPronoun, refusedWords } from '../scripts/prose.mjs';

const root = new URL('../', import.meta.url);

const source = `/**
 * Negative past the end of the buffer.
 * Second line.
 */
const a = 1; // What is behind the code.
// One comment
// over two lines.
const url = 'https://example.com'; const b = "// no comment";
// @ts-check
`;

test('blocks, runs of lines and comments behind code are three comments; a directive and a string are none', () => {
  expect(commentsOf(source).map((text: string) => text.split('\n')[0])).toEqual([
    'Negative past the end of the buffer.',
    'What is behind the code.',
    'One comment',
  ]);
});

test.each([
  ['What is behind', true],
  ['It holds', true],
  ['`This` binds', true],
  ['Negative past the end', false],
  ['Item of a list', false],
])('"%s" opens with a pronoun: %s', (comment, expected) => {
  expect(opensWithPronoun(comment)).toBe(expected);
});

test('refused words come with their line; a name in code that has one inside does not', () => {
  expect(refusedWords('isNobodyAway\nWhoever asks is told.')).toEqual([
    { line: 2, word: 'Whoever' },
    { line: 2, word: 'is told' },
  ]);
});

/** Folders whose test names have a noun for their input. Names that go on from their `describe` may open with "that" or "of". */
const NAMED = ['test/shard', 'test/actors', 'test/machines', 'test/model'];

test('no name of a test opens with a word that hides its input: what, who, whatever, one, nothing, none', () => {
  const files = execFileSync('git', ['ls-files', '--', ...NAMED], { cwd: root, encoding: 'utf8' });
  const names = files
    .split('\n')
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => {
      const text = readFileSync(new URL(path, root), 'utf8');
      return [...text.matchAll(/\b(?:describe|test|it)(?:\.\w+)*(?:\([^'`]*\))?\(\s*['`]([^'`]*)/g)].map(
        ([, name]) => `${path}: ${name}`,
      );
    });
  expect(names.length).toBeGreaterThan(500);
  expect(names.filter((name) => /^[^:]+: (?:what|who|whoever|whatever|one|nothing|none)\b/.test(name))).toEqual([]);
});
