import { afterAll, describe, expect, test } from 'vitest';
import {
  bucketMachine,
  heartbeatMachine,
  identifyQueueMachine,
  managerMachine,
  shardMachine,
} from '../../machines/index.js';
import { bucketModel, checkChildPath, childPaths, heartbeatModel, identifyQueueModel } from './checkChild.js';
import { Coverage } from './coverage.js';
import { lawbooks } from './laws/index.js';
import { managerModel } from './managerModel.js';
import type { ObservedStep } from './observer.js';
import { checkNoHang, checkPath, checkShutdown } from './checkShard.js';
import { inputs, shardPaths } from './shardPaths.js';
import { table } from './table.js';

const machines = [shardMachine, heartbeatMachine, bucketMachine, identifyQueueMachine, managerMachine];
const coverage = Object.fromEntries(machines.map((machine) => [machine.id, new Coverage(machine)]));
let runs = 0;
const number = () => ++runs;
const observe = (step: ObservedStep, path: number) => coverage[step.chart]?.note(step, path);
for (const machine of machines) coverage[machine.id]?.noteStart(machine, 0);

describe.each(inputs)('a shard started with %j, in each configuration it can reach', (input) => {
  const paths = shardPaths(input);
  const check = { input, observe, number };

  test('does what the laws say at each event, and nothing else', { timeout: 120_000 }, () => {
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) checkPath(path, check);
  });

  test('is led on by time alone, unless it is down or Connected', () => {
    for (const path of paths) checkNoHang(path, check);
  });

  test('comes to rest after shutdown, and nothing leads up again', () => {
    for (const path of paths) checkShutdown(path, check);
  });
});

test('a heartbeat does what the laws say, in each configuration it can reach', () => {
  const paths = childPaths(heartbeatModel);
  expect(paths.length).toBe(5);
  for (const path of paths) checkChildPath(heartbeatModel, path, { observe, number });
});

test('a bucket does what the laws say, in each configuration it can reach', () => {
  const paths = childPaths(bucketModel);
  expect(paths.length).toBeGreaterThan(30);
  for (const path of paths) checkChildPath(bucketModel, path, { observe, number });
});

test('an identify queue does what the laws say, in each configuration it can reach', () => {
  const paths = childPaths(identifyQueueModel);
  expect(paths.length).toBeGreaterThan(30);
  for (const path of paths) checkChildPath(identifyQueueModel, path, { observe, number });
});

test('a manager does what the laws say, in each configuration it can reach', { timeout: 120_000 }, () => {
  const paths = childPaths(managerModel);
  expect(paths.length).toBeGreaterThan(300);
  for (const path of paths) checkChildPath(managerModel, path, { observe, number });
});

describe('nothing is left out', () => {
  test.each(Object.keys(coverage))(
    'each edge, each refusal of a guard and each initial state of the %s chart is on a path',
    (chart) => {
      expect(coverage[chart]?.missing).toEqual([]);
    },
  );

  test.each(Object.entries(lawbooks))('each law of the %s chart is applied', (_, { applied }) => {
    expect([...applied].filter(([, times]) => times === 0).map(([{ says }]) => says)).toEqual([]);
  });
});

afterAll(() => {
  process.stdout.write(`\n${table(Object.values(coverage).map(({ row }) => row))}\n${runs} paths\n\n`);
});
