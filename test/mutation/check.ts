import { bucketMachine, heartbeatMachine, shardMachine } from '../../machines/index.js';
import { ours, type Charts } from '../machines/scripted.js';
import { bucketModel, checkChildPath, childPaths, heartbeatModel } from '../model/checkChild.js';
import { Unlawful } from '../model/laws/lawbook.js';
import { checkNoHang, checkPath, checkShutdown } from '../model/checkShard.js';
import { inputs, shardPaths } from '../model/shardPaths.js';
import { mutantsOf, type Mutant } from './mutants.js';

/** Every mutant there is of our charts. */
export const allMutants = (): Mutant[] => [shardMachine, heartbeatMachine, bucketMachine].flatMap(mutantsOf);

/** The paths of our own charts: the tests are what they are, only the charts under test have something wrong. */
const shardModels = inputs.map((input) => ({ input, paths: shardPaths(input) }));
const heartbeat = childPaths(heartbeatModel);
const bucket = childPaths(bucketModel);

/** Which test of the model turns red for a mutant; null if it survives them all. */
export const killer = ({ chart, machine }: Mutant): string | null => complaint({ ...ours, [chart]: machine });

/** What the model has to say against charts, shards started in the first so many ways; null if nothing. */
export function complaint(charts: Charts, ways = shardModels.length): string | null {
  try {
    if (charts.heartbeat !== ours.heartbeat) {
      for (const path of heartbeat) checkChildPath(heartbeatModel, path, { machine: charts.heartbeat });
    }
    if (charts.bucket !== ours.bucket) {
      for (const path of bucket) checkChildPath(bucketModel, path, { machine: charts.bucket });
    }
    for (const check of [checkPath, checkNoHang, checkShutdown]) {
      for (const { input, paths } of shardModels.slice(0, ways))
        for (const path of paths) check(path, { input, charts });
    }
    return null;
  } catch (error) {
    if (error instanceof Unlawful) return error.message;
    throw error;
  }
}
