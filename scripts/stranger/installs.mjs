import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute, kibOf, makeFolder, npmInstall } from './execute.mjs';
import { againstSimulator, bot, everyEntry } from './programs.mjs';

const MOST_KIB = 8 * 1_024;

const files = (manifest) => ({
  'package.json': { private: true },
  'entries.mjs': everyEntry(manifest),
  'bot.mjs': bot,
  'against.mjs': againstSimulator,
});

async function tryOut(folder) {
  await execute(folder, ['node', 'entries.mjs']);
  await execute(folder, ['node', 'against.mjs', 'bot.mjs']);
}

async function installed(place, name, manifest, install) {
  const folder = makeFolder(place, name, files(manifest));
  await install(folder);
  await tryOut(folder);
  return folder;
}

const withoutInspector = `
  import { createShard } from 'shardchart';
  import { attachInspector } from 'shardchart/inspector';
  const shard = createShard({ token: 'simulated', intents: 0 });
  const error = await attachInspector(shard).ready.catch((error) => error);
  await shard.shutdown();
  if (error?.code !== 'CANNOT_LOAD' || !error.message.includes('npm install @xstate/inspect@npm:@statelyai/inspect')) throw error;
`;

/** pnpm and yarn as the registry has them, in a folder of their own. */
async function tool(place, name, spec) {
  const folder = makeFolder(place, `tool-${name}`, { 'package.json': { private: true } });
  await npmInstall(folder, `${name}@${spec}`);
  return join(folder, 'node_modules/.bin', name);
}

export const checks = {
  'npm: installs, imports, requires and runs': async ({ place, tarball, manifest }) => {
    const folder = await installed(place, 'npm', manifest, (it) => npmInstall(it, tarball, 'xstate'));
    return `${await kibOf(folder, 'node_modules')} KiB`;
  },
  'npm without optional dependencies: at most 8 MiB, all but the inspector runs': async ({
    place,
    tarball,
    manifest,
  }) => {
    const folder = await installed(place, 'npm-least', manifest, (it) =>
      npmInstall(it, '--omit=optional', tarball, 'xstate'),
    );
    await execute(makeFolder(place, 'npm-least', { 'inspector.mjs': withoutInspector }), ['node', 'inspector.mjs']);
    const kib = await kibOf(folder, 'node_modules');
    if (kib > MOST_KIB) throw new Error(`${kib} KiB are installed, at most ${MOST_KIB} are wanted`);
    return `${kib} KiB`;
  },
  'pnpm: installs, imports, requires and runs': async ({ place, tarball, manifest }) => {
    const pnpm = await tool(place, 'pnpm', '10');
    await installed(place, 'pnpm', manifest, (it) => execute(it, [pnpm, 'add', tarball, 'xstate']));
  },
  'yarn: installs, imports, requires and runs': async ({ place, tarball, manifest }) => {
    const yarn = await tool(place, 'yarn', '1');
    // Its cache keeps a tarball by its name and version.
    const cache = join(place, 'yarn-cache');
    await installed(place, 'yarn', manifest, (it) =>
      execute(it, [yarn, 'add', '--cache-folder', cache, tarball, 'xstate']),
    );
    rmSync(cache, { recursive: true, force: true });
  },
};
