import {
  bucketMachine,
  heartbeatMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  ownershipMachine,
  shardMachine,
  workerMachine,
} from '../../machines/index.js';
import { mutantsOf, type Mutant } from './mutants.js';

/** Every chart of ours. */
export const machines = [
  shardMachine,
  heartbeatMachine,
  bucketMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  workerMachine,
  ownershipMachine,
] as const;

/** Every mutant there is of them. */
export const allMutants = (): Mutant[] => machines.flatMap(mutantsOf);
