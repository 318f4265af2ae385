import { execute, makeFolder, npmInstall } from './execute.mjs';

const VERSIONS = ['5.0', '5.4', '5.9', '6', '7'];

/** Every entry, with `skipLibCheck: false`, as each kind of project resolves it. */
const source = `
import { createShard, createShardManager, FatalShardError, type Shard, type ShardOptions } from 'shardchart';
import { lifecycleOf, shardMachine } from 'shardchart/machines';
import { createGatewaySimulator } from 'shardchart/simulator';
import { attachInspector } from 'shardchart/inspector';
import { serveDashboard } from 'shardchart/dashboard';

export async function main(options: ShardOptions): Promise<string> {
  const simulator = await createGatewaySimulator();
  const shard: Shard = createShard({ ...options, url: simulator.url });
  shard.on('MESSAGE_CREATE', (message) => console.log(message.content.length));
  shard.on('transition', ({ from, to }) => console.log(from, to));
  await attachInspector(shard).ready;
  await serveDashboard(createShardManager({ token: options.token, intents: 1 })).ready;
  await shard.connect().catch((error: unknown) => console.log(error instanceof FatalShardError && error.code));
  for await (const { t } of shard.events()) console.log(t);
  return lifecycleOf(shard.actor.getSnapshot()) + shardMachine.id;
}
`;

const KINDS = [
  { name: 'node', files: ['esm.mts', 'commonjs.cts'], module: 'node16', moduleResolution: 'node16' },
  { name: 'bundler', files: ['bundled.ts'], module: 'esnext', moduleResolution: 'bundler' },
  { name: 'old', files: ['old.ts'], module: 'commonjs', moduleResolution: 'node10', until: '6' },
];

const compilerOptions = ({ module, moduleResolution }, version) => ({
  module,
  moduleResolution,
  target: 'es2022',
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  ...(version === '6' && moduleResolution === 'node10' && { ignoreDeprecations: '6.0' }),
});

/** A folder with the package, these compilers and this XState. */
async function project({ place, tarball }, name, xstate, versions) {
  const sources = Object.fromEntries(KINDS.flatMap(({ files }) => files).map((file) => [file, source]));
  const folder = makeFolder(place, name, { 'package.json': { private: true }, ...sources });
  const compilers = versions.map((version) => `typescript-${version}@npm:typescript@${version}`);
  await npmInstall(folder, tarball, `xstate@${xstate}`, '@types/node@20', ...compilers);
  return folder;
}

async function compile(folder, version) {
  for (const kind of KINDS.filter(({ until }) => until === undefined || Number(version) <= Number(until))) {
    const config = `tsconfig.${version}.${kind.name}.json`;
    makeFolder(folder, '.', { [config]: { compilerOptions: compilerOptions(kind, version), files: kind.files } });
    await execute(folder, ['node', `node_modules/typescript-${version}/bin/tsc`, '-p', config]);
  }
}

/** Prints what an editor shows over `on` in a program's second line. */
const quickInfo = `
const ts = require('typescript-5.9');
const text = "import { createShard } from 'shardchart';\\ncreateShard({ token: '', intents: 0 }).on('resumed', () => {});";
const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, strict: true };
const file = __dirname + '/editor.mts';
const host = {
  ...ts.sys,
  useCaseSensitiveFileNames: () => true,
  getCurrentDirectory: () => __dirname,
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (path) => ts.ScriptSnapshot.fromString(path === file ? text : ts.sys.readFile(path) ?? ''),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (path) => path === file || ts.sys.fileExists(path),
};
const shown = ts.createLanguageService(host).getQuickInfoAtPosition(file, text.indexOf("on('resumed'"));
console.log(ts.displayPartsToString(shown.displayParts), ts.displayPartsToString(shown.documentation));
`;

let prepared = null;

/** A folder with all compilers, made once. */
const prepare = (context) => (prepared ??= project(context, 'types', '5', VERSIONS));

export const checks = {
  ...Object.fromEntries(
    VERSIONS.map((version) => [
      `types: every entry with skipLibCheck: false, TypeScript ${version}`,
      async (context) => compile(await prepare(context), version),
    ]),
  ),
  'types: an editor shows over on() what the lifecycle event says': async (context) => {
    const folder = await prepare(context);
    makeFolder(folder, '.', { 'quickInfo.cjs': quickInfo });
    const shown = await execute(folder, ['node', 'quickInfo.cjs']);
    if (!/resumed.*RESUMED has been received/s.test(shown)) throw new Error(shown);
  },
  'types: every entry with skipLibCheck: false and the oldest XState': async (context) => {
    const oldest = context.manifest.peerDependencies.xstate.replace('^', '');
    const folder = await project(context, 'types-oldest', oldest, ['7']);
    await compile(folder, '7');
  },
  'types: arethetypeswrong finds nothing': async ({ place, tarball }) => {
    const folder = makeFolder(place, 'attw', { 'package.json': { private: true } });
    await npmInstall(folder, '@arethetypeswrong/cli');
    await execute(folder, ['node_modules/.bin/attw', tarball]);
  },
};
