import * as fc from 'fast-check';
import type { AnyStateMachine } from 'xstate';
import { ours, type Charts } from '../machines/scriptedRig.js';
import {
  bucketModel,
  checkChildPath,
  childPaths,
  heartbeatModel,
  identifyAllowanceModel,
  identifyQueueModel,
  type ChildModel,
} from '../model/checkChild.js';
import { managerModel } from '../model/managerModel.js';
import { Unlawful } from '../model/laws/lawbook.js';
import { checkNoHang, checkPath, checkShutdown } from '../model/checkShard.js';
import { inputs, shardPaths } from '../model/shardPaths.js';
import { walks } from '../model/walk.js';
import type { Mutant } from './mutants.js';

/** The paths of our own charts: the tests stay the same, only the charts under test have something wrong. */
const shardRuns = inputs
  .flatMap((input) => shardPaths(input).map((path) => ({ input, path })))
  // The shortest first: most mutants go wrong soon.
  .toSorted((a, b) => a.path.steps.length - b.path.steps.length);
const eachOf = <T>(list: readonly T[], every: number) => list.filter((_, index) => index % every === 0);

/** Walks a stand-in for one of the smaller charts through the paths of ours. */
function checkOf<Machine extends AnyStateMachine>(model: ChildModel<Machine>) {
  const paths = childPaths(model);
  return (machine: AnyStateMachine, every: number): void => {
    for (const path of eachOf(paths, every)) checkChildPath(model, path, { machine: machine as Machine });
  };
}

const childChecks: Readonly<Record<string, (machine: AnyStateMachine, every: number) => void>> = {
  heartbeat: checkOf(heartbeatModel),
  bucket: checkOf(bucketModel),
  identifyAllowance: checkOf(identifyAllowanceModel),
  identifyQueue: checkOf(identifyQueueModel),
  manager: checkOf(managerModel),
};

/** The failure of the model's test that a mutant turns red; null if it survives them all. */
export const killer = ({ chart, machine }: Mutant): string | null => complaint({ [chart]: machine });

/** A short walk, the same for every mutant: a mistake in many places is found at once. */
function walk(charts: Charts): void {
  const { failed, errorInstance } = fc.check(walks({ steps: 0, visited: new Set() }, charts), {
    seed: 1,
    numRuns: 40,
    endOnFailure: true,
  });
  if (failed) throw errorInstance;
}

/** The model's first objection to charts that stand in for ours, on one in so many of its paths; null if it has none. */
export function complaint(changed: Readonly<Record<string, AnyStateMachine>>, every = 1): string | null {
  try {
    for (const [chart, machine] of Object.entries(changed)) childChecks[chart]?.(machine, every);
    if (Object.keys(changed).some((chart) => chart in ours)) checkShard({ ...ours, ...changed }, every);
    return null;
  } catch (error) {
    if (error instanceof Unlawful) return error.message;
    throw error;
  }
}

function checkShard(charts: Charts, every: number): void {
  walk(charts);
  for (const { path, input } of eachOf(shardRuns, every)) {
    for (const check of [checkPath, checkNoHang, checkShutdown]) check(path, { input, charts });
  }
}
