import type {
  BucketContext,
  HeartbeatContext,
  IdentifyAllowanceContext,
  IdentifyQueueContext,
  ManagerContext,
  OwnershipContext,
  ShardContext,
  WorkerContext,
} from '../../../machines/index.js';
import { bucketBegins, bucketLaws } from './bucket.js';
import { heartbeatBegins, heartbeatLaws } from './heartbeat.js';
import { identifyAllowanceBegins, identifyAllowanceLaws } from './identifyAllowance.js';
import { identifyQueueBegins, identifyQueueLaws } from './identifyQueue.js';
import { Lawbook } from './lawbook.js';
import { managerBegins, managerLaws } from './manager.js';
import { ownershipBegins, ownershipLaws } from './ownership.js';
import { shardDownLaws } from './shardDown.js';
import { shardBegins, shardUpLaws } from './shardUp.js';
import { workerBegins, workerLaws } from './worker.js';

/** The laws of each chart, by the chart's id. */
export const lawbooks = {
  shard: new Lawbook<ShardContext>(shardBegins, [...shardUpLaws, ...shardDownLaws]),
  heartbeat: new Lawbook<HeartbeatContext>(heartbeatBegins, heartbeatLaws),
  bucket: new Lawbook<BucketContext>(bucketBegins, bucketLaws),
  identifyAllowance: new Lawbook<IdentifyAllowanceContext>(identifyAllowanceBegins, identifyAllowanceLaws),
  identifyQueue: new Lawbook<IdentifyQueueContext>(identifyQueueBegins, identifyQueueLaws),
  manager: new Lawbook<ManagerContext>(managerBegins, managerLaws),
  ownership: new Lawbook<OwnershipContext>(ownershipBegins, ownershipLaws),
  worker: new Lawbook<WorkerContext>(workerBegins, workerLaws),
};

export type Chart = keyof typeof lawbooks;
