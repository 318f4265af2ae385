import { execute, makeFolder, npmInstall } from './execute.mjs';

const PAIRS = 11;
const ROUNDS = 3;
const MOST = 0.75;

const timed = (name) =>
  `const begun = performance.now(); await import('${name}'); console.log(performance.now() - begun);`;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

export const checks = {
  [`import: at most ${MOST} of the time of @discordjs/ws`]: async ({ place, tarball }) => {
    const folder = makeFolder(place, 'import', {
      'package.json': { private: true },
      'ours.mjs': timed('shardchart'),
      'theirs.mjs': timed('@discordjs/ws'),
    });
    await npmInstall(folder, tarball, 'xstate', '@discordjs/ws');
    const time = async (file) => Number(await execute(folder, ['node', file]));
    const found = [];
    // Each run is held against the one beside it, which had the same machine; a round of nothing but noise may be repeated.
    for (let round = 0; round < ROUNDS; round++) {
      const pairs = [];
      for (let run = 0; run < PAIRS; run++) pairs.push([await time('ours.mjs'), await time('theirs.mjs')]);
      const ratio = median(pairs.map(([ours, theirs]) => ours / theirs));
      const [ours, theirs] = [0, 1].map((which) => median(pairs.map((pair) => pair[which])).toFixed(0));
      found.push(`${ratio.toFixed(2)} (${ours} ms, @discordjs/ws ${theirs} ms)`);
      if (ratio <= MOST) return found.join(', ');
    }
    throw new Error(found.join(', '));
  },
};
