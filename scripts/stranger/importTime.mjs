import { execute, makeFolder, npmInstall } from './execute.mjs';

const RUNS = 15;
const MOST = 0.75;

const timed = (name) =>
  `const begun = performance.now(); await import('${name}'); console.log(performance.now() - begun);`;

export const checks = {
  [`import: at most ${MOST} of the time of @discordjs/ws`]: async ({ place, tarball }) => {
    const folder = makeFolder(place, 'import', {
      'package.json': { private: true },
      'ours.mjs': timed('shardchart'),
      'theirs.mjs': timed('@discordjs/ws'),
    });
    await npmInstall(folder, tarball, 'xstate', '@discordjs/ws');
    const times = { 'ours.mjs': [], 'theirs.mjs': [] };
    // In turns, and the fastest of each: what else runs on the machine only ever makes one slower.
    for (let run = 0; run < RUNS; run++) {
      for (const file of Object.keys(times)) times[file].push(Number(await execute(folder, ['node', file])));
    }
    const ours = Math.min(...times['ours.mjs']);
    const theirs = Math.min(...times['theirs.mjs']);
    const found = `${ours.toFixed(0)} ms, @discordjs/ws ${theirs.toFixed(0)} ms, ${(ours / theirs).toFixed(2)}`;
    if (ours > theirs * MOST) throw new Error(found);
    return found;
  },
};
