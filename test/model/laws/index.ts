import type { BucketContext, HeartbeatContext, IdentifyQueueContext, ShardContext } from '../../../machines/index.js';
import { bucketLaws } from './bucket.js';
import { heartbeatLaws } from './heartbeat.js';
import { identifyQueueLaws } from './identifyQueue.js';
import { Lawbook } from './lawbook.js';
import { shardDownLaws } from './shardDown.js';
import { shardUpLaws } from './shardUp.js';

/** The laws of each chart, by the chart's id. */
export const lawbooks = {
  shard: new Lawbook<ShardContext>([...shardUpLaws, ...shardDownLaws]),
  heartbeat: new Lawbook<HeartbeatContext>(heartbeatLaws),
  bucket: new Lawbook<BucketContext>(bucketLaws),
  identifyQueue: new Lawbook<IdentifyQueueContext>(identifyQueueLaws),
};

export type Chart = keyof typeof lawbooks;
