import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath, readManifest } from '../../manifest.js';

/** Language of a template; its files lie in `templates/`, beside those of `templates/common`. */
export type Language = 'javascript' | 'typescript';

/** Names that npm leaves out of a package, and files that must not work in the template's own folder. */
const realNames: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'env.example': '.env.example' };

/** Returns the files of a new bot, by path: the template with the bot's name and the versions that fit this package. */
export function templateFiles(language: Language, name: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['common', language]) {
    const root = packagePath(`templates/${folder}`);
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = join(entry.parentPath.slice(root.length + 1), realNames[entry.name] ?? entry.name);
      files.set(path, readFileSync(file, 'utf8'));
    }
  }
  files.set('package.json', packageJson(files.get('package.json') ?? '{}', name));
  files.set('README.md', (files.get('README.md') ?? '').replace('# bot', `# ${name}`));
  return files;
}

function packageJson(template: string, name: string): string {
  const { version, peerDependencies } = readManifest();
  const parsed = JSON.parse(template) as { dependencies?: Record<string, string> };
  const dependencies = { ...parsed.dependencies, shardchart: `^${version}`, xstate: peerDependencies.xstate };
  return `${JSON.stringify({ ...parsed, name, dependencies }, null, 2)}\n`;
}
