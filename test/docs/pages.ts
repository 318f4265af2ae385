import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every Markdown file of the project, by its path from the root. */
export const pages = new Map(
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => [path, readFileSync(root + path, 'utf8')]),
);

/** Pages that people write: the reference is generated. */
export const written = new Map([...pages].filter(([path]) => !path.startsWith('docs/reference/')));

export function page(path: string): string {
  const text = pages.get(path);
  if (text === undefined) throw new Error(`There is no page ${path}.`);
  return text;
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

export const codeBlocks = (text: string): CodeBlock[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ language, code }));
