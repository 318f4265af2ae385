import { exceptions, folderOf, rules } from '../importRules.js';

const folders = Object.keys(rules);
const allowed = (folder: string): readonly string[] => rules[folder]?.ours ?? [];

/** True if `from` may import `to` by way of a third folder, so that the picture needs no arrow for it. */
const isImplied = (from: string, to: string) =>
  allowed(from).some((between) => between !== to && allowed(between).includes(to));

const exceptionsOf = (folder: string) => [
  ...new Set(exceptions.filter(({ from }) => from === folder).map(({ to }) => folderOf(to))),
];

const node = (folder: string) => folder.replace('/', '_');

/** The table of imports as a Mermaid graph, without the arrows that follow from others. */
export function folderPicture(): string {
  const names = folders.map((folder) => `  ${node(folder)}["${folder === 'index' ? 'index.ts' : folder}"]`);
  const arrows = folders.flatMap((folder) => [
    ...allowed(folder)
      .filter((other) => !isImplied(folder, other))
      .map((other) => `  ${node(folder)} --> ${node(other)}`),
    ...exceptionsOf(folder).map((other) => `  ${node(folder)} -.-> ${node(other)}`),
  ]);
  return ['```mermaid', 'graph TD', ...names, ...arrows, '```'].join('\n');
}

const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ') || 'none';

/** The table of imports as Markdown. */
export function importTable(): string {
  const rows = folders.map((folder) => {
    const { npm = [], node: usesNode = false } = rules[folder] ?? { ours: [] };
    const files = exceptions
      .filter(({ from }) => from === folder)
      .map(({ to, typesOnly }) => `\`${to}\`${typesOnly ? ' (types)' : ''}`);
    const ours = [list(allowed(folder)), ...(files.length > 0 ? [`of single files ${files.join(', ')}`] : [])];
    return `| \`${folder}\` | ${ours.join('; ')} | ${list(npm)} | ${usesNode ? 'yes' : 'no'} |`;
  });
  return ['| folder | may import, besides itself | npm packages | `node:` |', '|---|---|---|---|', ...rows].join('\n');
}
