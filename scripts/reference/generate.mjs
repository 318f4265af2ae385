// Generates docs/reference from the docstrings of the sources: npm run docs:reference. Installs TypeDoc here when it is
// missing. --out FOLDER writes elsewhere, for the test that compares.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const root = path('../../');
const { values } = parseArgs({ options: { out: { type: 'string', default: `${root}docs/reference` } } });

if (!existsSync(path('node_modules/typedoc'))) {
  console.error('installing TypeDoc in scripts/reference (npm ci), once');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: path('.'), stdio: ['ignore', 2, 2] });
}
const { Application } = await import('typedoc');

/** The package's entry points: the page's name, and the file. */
const entries = {
  shardchart: 'src/index.ts',
  machines: 'machines/index.ts',
  simulator: 'src/simulator/index.ts',
  inspector: 'src/inspector/index.ts',
  dashboard: 'src/dashboard/index.ts',
  discordjs: 'src/discordjs/index.ts',
  fleet: 'src/fleet/index.ts',
};
const specifierOf = (name) => (name === 'shardchart' ? name : `shardchart/${name}`);

const app = await Application.bootstrapWithPlugins({
  entryPoints: Object.values(entries).map((file) => root + file),
  tsconfig: `${root}tsconfig.json`,
  plugin: [path('node_modules/typedoc-plugin-markdown/dist/index.js')],
  out: values.out,
  logLevel: 'Error',
  readme: 'none',
  sortEntryPoints: false,
  name: 'Reference',
  outputFileStrategy: 'modules',
  entryFileName: 'README',
  pageTitleTemplates: { module: ({ name }) => specifierOf(name), index: () => 'Reference' },
  hidePageHeader: true,
  hideBreadcrumbs: true,
  // The plugin's own: two headings of which one is the other and a member's name would share GitHub's.
  useHTMLAnchors: true,
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  // The same on every machine and at every commit.
  gitRevision: 'main',
  skipErrorChecking: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
});
const project = await app.convert();
if (project === undefined) throw new Error('TypeDoc could not read the sources. Run npm run typecheck.');

for (const module of project.children) {
  const file = Object.entries(entries).find(([, entry]) => module.name === entry.replace(/(\/index)?\.ts$/, ''));
  module.name = file?.[0] ?? (module.name === 'src' ? 'shardchart' : module.name);
}
// A chart's type holds its whole configuration: hundreds of lines that the pictures say better.
const shorten = (type) => {
  if (type?.name === 'StateMachine') delete type.typeArguments;
  type?.typeArguments?.forEach(shorten);
};
for (const reflection of Object.values(project.reflections)) shorten(reflection.type);
await app.generateOutputs(project);
if (app.logger.hasErrors()) process.exitCode = 1;
