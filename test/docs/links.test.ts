import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, root } from './pages.js';

const withoutCode = (text: string) => text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, 'code');

/** Targets of links and pictures, but for addresses of the web. */
const linksOf = (text: string) =>
  [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors of a page as GitHub makes them: of its headings, and of its own `id`s. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
  const seen = new Map<string, number>();
  for (const [, heading = ''] of text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('\\', '');
    const anchor = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

test.each([...pages])('%s: every relative link and anchor leads somewhere', (path, text) => {
  const broken = linksOf(text).filter((link) => {
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? path : normalize(join(dirname(path), decodeURI(target)));
    if (!existsSync(join(root, file))) return true;
    if (anchor === undefined || !file.endsWith('.md') || !isFile(join(root, file))) return false;
    return !anchorsOf(pages.get(file) ?? '').has(anchor);
  });
  expect(broken).toEqual([]);
});

/** Too large for the package. The registry's page of the README finds them in the repository, as it does all relative links. */
const ofRepository: ReadonlySet<string> = new Set(['visualizations/lifecycle.svg', 'docs/reference/shardchart.md']);

test('README.md and CHANGELOG.md link only to files that the package has, or that are too large for it', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [packed] = Object.values(JSON.parse(output) as Record<string, { files: { path: string }[] }>);
  const paths = packed?.files.map(({ path }) => path) ?? [];
  const links = ['README.md', 'CHANGELOG.md'].flatMap((path) => linksOf(pages.get(path) ?? ''));
  const targets = links.map((link) => link.split('#')[0] ?? '').filter((target) => target !== '');
  const isPacked = (target: string) => paths.some((path) => path === target || path.startsWith(`${target}/`));
  const missing = targets.filter((target) => !isPacked(target) && !ofRepository.has(target));
  expect(missing).toEqual([]);
});
