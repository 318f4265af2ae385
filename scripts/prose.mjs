// Checks how the project is written: `npm run prose`. Comments that open with a pronoun hide their subject; a list of words
// has a plain form. CONTRIBUTING.md has the rules.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The share of comments that may open with a pronoun. */
const LIMIT = 0.1;

const PRONOUNS = new Set(
  `what whatever whether which whichever who whoever whom whose of one ones it its this that these those they their
   he she we our us some others none nobody nothing everyone everything anyone anything neither`.split(/\s+/),
);

const REFUSED =
  /\b(?:whoever|whomever|whom|befell|befall\w*|anew|nobody|meanwhile|is told|are told|of the user's|thereof|thereby|hitherto|whence)\b/gi;

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => /\.(?:ts|mts|mjs|js|md|html|yml|sh)$/.test(path) || path === '.ci/run')
  // The script and its test have the words themselves; a reference page is generated from docstrings that are read here.
  .filter(
    (path) =>
      !/^(?:scripts\/prose\.mjs|test\/prose\.test\.ts|docs\/reference\/.*)$|\/fixtures\/|wasmModule\.ts$/.test(path),
  );

/** The comments of a source as their texts: a block, or lines of `//` that follow each other. */
export function commentsOf(source) {
  const pattern = /^[ \t]*\/\*+([\s\S]*?)\*\/|((?:^[ \t]*\/\/.*\n?)+)|^[^\n"`']*[;,{(})\]][ \t]+\/\/(.*)$/gm;
  return [...source.matchAll(pattern)]
    .map(([, block, lines, behind]) =>
      (block ?? lines ?? behind ?? '').replaceAll(/^[ \t]*(?:\/\/|\*)[ \t]?/gm, '').trim(),
    )
    .filter((text) => /^[`'"([]*[A-Za-z]/.test(text) && !text.startsWith('@'));
}

/** A comment whose first word is a pronoun. */
export const opensWithPronoun = (comment) => PRONOUNS.has(/[A-Za-z']+/.exec(comment)?.[0].toLowerCase() ?? '');

/** The refused words of a text, each with the line it is on. */
export function refusedWords(text) {
  return text
    .split('\n')
    .flatMap((line, index) => [...line.matchAll(REFUSED)].map(([word]) => ({ line: index + 1, word })));
}

function main() {
  const perFile = files.map((path) => {
    const text = readFileSync(path, 'utf8');
    const comments = path.endsWith('.md') ? [] : commentsOf(text);
    return {
      path,
      comments: comments.length,
      pronouns: comments.filter(opensWithPronoun),
      refused: refusedWords(text),
    };
  });
  const wanted = process.argv.slice(2);
  const shown = perFile.filter(({ path }) => wanted.length === 0 || wanted.some((start) => path.startsWith(start)));
  const comments = shown.reduce((sum, file) => sum + file.comments, 0);
  const pronouns = shown.reduce((sum, file) => sum + file.pronouns.length, 0);
  for (const { path, refused } of shown)
    for (const { line, word } of refused) console.log(`${path}:${line} says "${word}"`);
  if (wanted.length > 0) {
    for (const file of shown)
      for (const comment of file.pronouns) console.log(`${file.path}: ${comment.split('\n')[0]}`);
  }
  const share = comments === 0 ? 0 : pronouns / comments;
  const refused = shown.reduce((sum, file) => sum + file.refused.length, 0);
  console.log(
    `${pronouns} of ${comments} comments open with a pronoun (${(100 * share).toFixed(1)} %, at most ${100 * LIMIT} %); ${refused} refused words`,
  );
  if (share > LIMIT || refused > 0) {
    console.log(
      'Say it with the subject first and in plain words: CONTRIBUTING.md. `npm run prose -- src/shard` lists the comments of a folder.',
    );
    process.exitCode = 1;
  }
}

if (import.meta.filename === process.argv[1]) main();
