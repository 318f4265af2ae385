export { bucketMachine, type BucketContext, type BucketEvent, type BucketReport, type Ticket } from './bucket.js';
export {
  heartbeatMachine,
  type HeartbeatContext,
  type HeartbeatEvent,
  type HeartbeatInput,
  type HeartbeatReport,
} from './heartbeat.js';
export {
  identifyAllowanceMachine,
  type HeldTicket,
  type IdentifyAllowanceContext,
  type IdentifyAllowanceEvent,
  type IdentifyAllowanceInput,
  type IdentifyAllowanceReport,
} from './identifyAllowance.js';
export {
  identifyQueueMachine,
  type IdentifyBudget,
  type IdentifyQueueContext,
  type IdentifyQueueEvent,
  type IdentifyQueueInput,
  type IdentifyQueueReport,
  type IdentifyTicket,
} from './identifyQueue.js';
export { lifecycleOf, lifecycles, type Lifecycle, type ShardSnapshot } from './lifecycle.js';
export { managerMachine } from './manager.js';
export type * from './manager.types.js';
export { shardMachine } from './shard.js';
export type * from './shard.types.js';
export {
  ownershipMachine,
  type OwnershipContext,
  type OwnershipEvent,
  type OwnershipInput,
  type OwnershipReport,
} from './ownership.js';
export {
  workerMachine,
  type JoiningReport,
  type LeaseAnswer,
  type LeaseCommand,
  type LeaseReport,
  type ShardsCommand,
  type ShardsReport,
  type WorkerCommand,
  type WorkerContext,
  type WorkerEvent,
  type WorkerInput,
  type WorkerReport,
} from './worker.js';
