import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rules } from '../importRules.js';
import { folderPicture, importTable } from './importPicture.js';

const file = new URL('../../docs/architecture.md', import.meta.url);
const update = 'UPDATE_DOCS=1 npx vitest run test/docs/architecture.test.ts';

const between = (name: string) => new RegExp(`(<!-- ${name}: begin [^\\n]*-->\\n)(.*?)(<!-- ${name}: end -->)`, 's');

test.each([
  ['folders', folderPicture],
  ['imports', importTable],
] as const)('the generated part "%s" of docs/architecture.md is what the import rules give', (name, generate) => {
  const page = readFileSync(file, 'utf8');
  const wanted = `${generate()}\n`;
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(
      file,
      page.replace(between(name), (_, begin: string, __, end: string) => begin + wanted + end),
    );
  }
  expect(between(name).exec(readFileSync(file, 'utf8'))?.[2], `to write it: ${update}`).toBe(wanted);
});

test('docs/architecture.md says of every folder with an import rule what is in it', () => {
  const page = readFileSync(file, 'utf8');
  for (const folder of Object.keys(rules).filter((name) => name !== 'index')) {
    expect(page, folder).toMatch(new RegExp(`\\[\`(src/)?${folder}\`\\]`));
  }
});
