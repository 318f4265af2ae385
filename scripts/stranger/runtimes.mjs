import { execute, makeFolder, npmInstall } from './execute.mjs';

async function demo({ place, tarball }, runtime, ...args) {
  const folder = makeFolder(place, runtime, { 'package.json': { private: true } });
  await npmInstall(folder, tarball, 'xstate');
  await execute(folder, ['npm', 'install', '--no-audit', '--no-fund', '--allow-scripts', runtime, runtime]);
  const cli = 'node_modules/shardchart/dist/lib/cli.js';
  await execute(folder, [`node_modules/.bin/${runtime}`, ...args, cli, 'demo']);
}

export const checks = {
  'Bun: the demo, with its simulator': (context) => demo(context, 'bun'),
  'Deno: the demo, with its simulator': (context) => demo(context, 'deno', 'run', '-A'),
};
