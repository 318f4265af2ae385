import { execute, makeFolder, npmInstall } from './execute.mjs';

async function demo({ place, tarball }, runtime, installer, ...args) {
  const folder = makeFolder(place, runtime, { 'package.json': { private: true } });
  await npmInstall(folder, tarball, 'xstate', runtime);
  // npm runs no script of a package that its user has not allowed; this one puts the program in its place.
  await execute(folder, ['node', `node_modules/${runtime}/${installer}`]);
  const cli = 'node_modules/shardchart/dist/lib/cli.js';
  await execute(folder, [`node_modules/.bin/${runtime}`, ...args, cli, 'demo']);
}

export const checks = {
  'Bun: the demo, with its simulator': (context) => demo(context, 'bun', 'install.js'),
  'Deno: the demo, with its simulator': (context) => demo(context, 'deno', 'install.cjs', 'run', '-A'),
};
