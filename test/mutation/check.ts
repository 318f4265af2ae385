import * as fc from 'fast-check';
import { bucketMachine, heartbeatMachine, shardMachine } from '../../machines/index.js';
import { ours, type Charts } from '../machines/scripted.js';
import { bucketModel, checkChildPath, childPaths, heartbeatModel } from '../model/checkChild.js';
import { Unlawful } from '../model/laws/lawbook.js';
import { checkNoHang, checkPath, checkShutdown } from '../model/checkShard.js';
import { inputs, shardPaths } from '../model/shardPaths.js';
import { walks } from '../model/walk.js';
import { mutantsOf, type Mutant } from './mutants.js';

/** Every mutant there is of our charts. */
export const allMutants = (): Mutant[] => [shardMachine, heartbeatMachine, bucketMachine].flatMap(mutantsOf);

/** The paths of our own charts: the tests are what they are, only the charts under test have something wrong. */
const shardRuns = inputs
  .flatMap((input) => shardPaths(input).map((path) => ({ input, path })))
  // The shortest first: what a mutant does wrong it mostly does soon.
  .toSorted((a, b) => a.path.steps.length - b.path.steps.length);
const heartbeat = childPaths(heartbeatModel);
const bucket = childPaths(bucketModel);

/** Which test of the model turns red for a mutant; null if it survives them all. */
export const killer = ({ chart, machine }: Mutant): string | null => complaint({ ...ours, [chart]: machine });

/** A short walk, the same for every mutant: what it does wrong in many places is found at once. */
function walk(charts: Charts): void {
  const { failed, errorInstance } = fc.check(walks({ steps: 0, visited: new Set() }, charts), {
    seed: 1,
    numRuns: 40,
    endOnFailure: true,
  });
  if (failed) throw errorInstance;
}

/** What the model has to say against charts; null if nothing. */
export function complaint(charts: Charts): string | null {
  try {
    if (charts.heartbeat !== ours.heartbeat) {
      for (const path of heartbeat) checkChildPath(heartbeatModel, path, { machine: charts.heartbeat });
    }
    if (charts.bucket !== ours.bucket) {
      for (const path of bucket) checkChildPath(bucketModel, path, { machine: charts.bucket });
    }
    walk(charts);
    for (const { path, input } of shardRuns) {
      for (const check of [checkPath, checkNoHang, checkShutdown]) check(path, { input, charts });
    }
    return null;
  } catch (error) {
    if (error instanceof Unlawful) return error.message;
    throw error;
  }
}
