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
import { ownershipModel } from '../model/ownershipModel.js';
import { workerModel } from '../model/workerModel.js';
import { Unlawful } from '../model/laws/lawbook.js';
import { checkNoHang, checkPath, checkShutdown } from '../model/checkShard.js';
import { inputs, shardPaths } from '../model/shardPaths.js';
import { walks } from '../model/walk.js';
import type { Mutant } from './mutants.js';
import { Trials, type Sample, type Trial } from './trials.js';

/** A short walk, the same for every mutant: a mistake in many places is found at once. */
const walk = {
  state: '',
  run: (charts: Charts) => {
    const { failed, errorInstance } = fc.check(walks({ steps: 0, visited: new Set() }, charts), {
      seed: 1,
      numRuns: 40,
      endOnFailure: true,
    });
    if (failed) throw errorInstance;
  },
};

/** The paths of our own charts: the tests stay the same, only the charts under test have something wrong. */
const shardTrials = new Trials<Charts>([
  walk,
  ...inputs
    .flatMap((input) => shardPaths(input).map((path) => ({ input, path })))
    .toSorted((a, b) => a.path.steps.length - b.path.steps.length)
    .flatMap(({ input, path }) =>
      [checkPath, checkNoHang, checkShutdown].map((check) => ({
        state: path.state,
        run: (charts: Charts) => check(path, { input, charts }),
      })),
    ),
]);

/** Paths of one of the smaller charts, or of the manager's, for a stand-in. */
const trialsOf = <Machine extends AnyStateMachine>(model: ChildModel<Machine>) =>
  new Trials<AnyStateMachine>(
    childPaths(model).map((path) => ({
      state: path.state,
      run: (machine) => checkChildPath(model, path, { machine: machine as Machine }),
    })),
  );

const childTrials: Readonly<Record<string, Trials<AnyStateMachine>>> = {
  heartbeat: trialsOf(heartbeatModel),
  bucket: trialsOf(bucketModel),
  identifyAllowance: trialsOf(identifyAllowanceModel),
  identifyQueue: trialsOf(identifyQueueModel),
  manager: trialsOf(managerModel),
  ownership: trialsOf(ownershipModel),
  worker: trialsOf(workerModel),
};

/** The failure of the model's test that a mutant turns red; null if it survives them all. */
export const killer = ({ chart, state, build }: Mutant): string | null =>
  // A child's state is not one of the shard that runs it.
  objection({ [chart]: build() }, (trials, of) => trials.nearFirst(of === chart ? state : ''));

/** The model's first objection to charts that stand in for ours, on a sample of its trials; null if it has none. */
export const complaint = (changed: StandIns, sample: Sample): string | null =>
  objection(changed, (trials) => trials.sample(sample));

type StandIns = Readonly<Record<string, AnyStateMachine>>;
type Choose = <Subject>(trials: Trials<Subject>, chart: string) => Iterable<Trial<Subject>>;

function objection(changed: StandIns, choose: Choose): string | null {
  try {
    for (const [chart, machine] of Object.entries(changed)) {
      const trials = childTrials[chart];
      trials?.run(machine, choose(trials, chart));
    }
    if (Object.keys(changed).some((chart) => chart in ours)) {
      const charts = { ...ours, ...changed };
      shardTrials.run(charts, choose(shardTrials, 'shard'));
    }
    return null;
  } catch (error) {
    if (error instanceof Unlawful) return error.message;
    throw error;
  }
}
