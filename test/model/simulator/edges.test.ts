import { afterAll, describe, expect, test } from 'vitest';
import { shardMachine } from '../../../machines/index.js';
import { Coverage } from '../coverage.js';
import { notRun } from './notRun.js';
import { allRuns, say, type Run } from './runs.js';
import { RunRig } from './rig.js';

const coverage = new Coverage(shardMachine);
const runs = allRuns();
let completed = 0;

async function run(it: Run): Promise<void> {
  const rig = await RunRig.open(it);
  try {
    await rig.run();
    await rig.check();
    completed += 1;
    for (const step of rig.taken) coverage.note(step, completed);
  } finally {
    await rig.close();
  }
}

const isReplay = ({ steps }: Run) => steps.at(-1)?.event.type.startsWith('xstate.after.replay.') === true;
const named = ({ from, steps }: Run) => {
  const events = steps.map(({ event }) => say(event));
  return `${events.at(-1)} in ${from}, after ${events.slice(0, -1).join(', ') || 'nothing'}, leads to ${steps.at(-1)?.reaches.split(',')[0]}`;
};

describe('a shard on a real socket, where its chart and the wire are held to the laws', () => {
  // The longest runs come first: the others fit into their time.
  test.concurrent.for(
    runs.toSorted((a, b) => Number(isReplay(b)) - Number(isReplay(a))).map((it) => [named(it), it] as const),
  )('%s', async ([, it]) => run(it));
});

test('every edge of the chart is taken over a real socket, or is listed in `notRun` with a reason', () => {
  expect(coverage.missing.filter((item) => item.startsWith('edge ')).toSorted()).toEqual(
    Object.keys(notRun)
      .map((edge) => `edge ${edge}`)
      .toSorted(),
  );
});

afterAll(() => {
  process.stdout.write(
    `\n${String(coverage.row['edges'])} edges of the shard's chart taken over real sockets, on ${completed} paths\n\n`,
  );
});
