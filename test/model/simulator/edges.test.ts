import { afterAll, describe, expect, test } from 'vitest';
import { shardMachine } from '../../../machines/index.js';
import { Coverage } from '../coverage.js';
import { notRun } from './notRun.js';
import { allRuns, say, type Run } from './runs.js';
import { Stage } from './rig.js';

const coverage = new Coverage(shardMachine);
const runs = allRuns();
let played = 0;

async function run(it: Run): Promise<void> {
  const stage = await Stage.open(it);
  try {
    await stage.play();
    await stage.check();
    played += 1;
    for (const step of stage.taken) coverage.note(step, played);
  } finally {
    await stage.close();
  }
}

const isReplay = ({ steps }: Run) => steps.at(-1)?.event.type.startsWith('xstate.after.replay.') === true;
const named = ({ from, steps }: Run) => {
  const events = steps.map(({ event }) => say(event));
  return `goes from ${from} to ${steps.at(-1)?.reaches.split(',')[0]} on ${events.at(-1)}, having come by ${events.slice(0, -1).join(', ') || 'nothing'}`;
};

describe('a shard on a real socket goes where its chart says, and sends what the laws demand', () => {
  // The longest run first: the others fit into its time.
  test.concurrent.for(
    runs.toSorted((a, b) => Number(isReplay(b)) - Number(isReplay(a))).map((it) => [named(it), it] as const),
  )('%s', async ([, it]) => run(it));
});

test('each edge of the chart is taken over a real socket, or is listed as one that nothing outside can cause', () => {
  expect(coverage.missing.filter((item) => item.startsWith('edge ')).toSorted()).toEqual(
    Object.keys(notRun)
      .map((edge) => `edge ${edge}`)
      .toSorted(),
  );
});

afterAll(() => {
  process.stdout.write(
    `\n${String(coverage.row['edges'])} edges of the shard's chart taken over real sockets, on ${played} paths\n\n`,
  );
});
