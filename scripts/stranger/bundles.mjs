import { execute, makeFolder, npmInstall } from './execute.mjs';
import { againstSimulator, bot } from './programs.mjs';

/** ws is CommonJS and requires modules of Node: an ES module has no `require` of its own. docs/bundlers.md says the same. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const rollupConfig = `
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
export default {
  input: 'bot.js',
  output: { dir: 'out/rollup', format: 'esm' },
  plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs()],
};
`;

const webpackConfig = `
export default [
  { format: 'module', filename: 'bot.mjs' },
  { format: 'commonjs', filename: 'bot.cjs' },
].map(({ format, filename }) => ({
  name: format,
  mode: 'production',
  target: 'node20',
  entry: './bot.js',
  experiments: { outputModule: format === 'module' },
  output: { path: import.meta.dirname + '/out/webpack-' + format, filename, module: format === 'module' },
}));
`;

const TOOLS = ['esbuild', 'rollup', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs', 'webpack', 'webpack-cli'];

let prepared = null;

/** A folder with the bot and all bundlers, made once. */
function prepare({ place, tarball }) {
  prepared ??= (async () => {
    const folder = makeFolder(place, 'bundles', {
      'package.json': { private: true, type: 'module' },
      'bot.js': bot,
      'against.js': againstSimulator,
      'rollup.config.js': rollupConfig,
      'webpack.config.js': webpackConfig,
    });
    await npmInstall(folder, tarball, 'xstate', ...TOOLS);
    return folder;
  })();
  return prepared;
}

async function bundle(context, command, ...files) {
  const folder = await prepare(context);
  const [tool, ...args] = command;
  await execute(folder, [`node_modules/.bin/${tool}`, ...args]);
  await execute(folder, ['node', 'against.js', ...files]);
}

const esbuild = (format, out, ...more) => [
  'esbuild',
  'bot.js',
  '--bundle',
  '--minify',
  '--platform=node',
  `--format=${format}`,
  `--outfile=${out}`,
  ...more,
];

export const checks = {
  'esbuild, CommonJS: a bundled bot connects and serves the dashboard': (context) =>
    bundle(context, esbuild('cjs', 'out/esbuild.cjs'), 'out/esbuild.cjs'),
  'esbuild, ES module: a bundled bot connects and serves the dashboard': (context) =>
    bundle(context, esbuild('esm', 'out/esbuild.mjs', `--banner:js=${BANNER}`), 'out/esbuild.mjs'),
  'Rollup: a bundled bot connects and serves the dashboard': (context) =>
    bundle(context, ['rollup', '-c', '--silent'], 'out/rollup/bot.js'),
  'webpack, production: a bundled bot connects and serves the dashboard': (context) =>
    bundle(context, ['webpack'], 'out/webpack-module/bot.mjs', 'out/webpack-commonjs/bot.cjs'),
};
