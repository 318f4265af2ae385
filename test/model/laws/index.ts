import type { BucketContext, HeartbeatContext, IdentifyQueueContext, ShardContext } from '../../../machines/index.js';
import { bucketBegins, bucketLaws } from './bucket.js';
import { heartbeatBegins, heartbeatLaws } from './heartbeat.js';
import { identifyQueueBegins, identifyQueueLaws } from './identifyQueue.js';
import { Lawbook } from './lawbook.js';
import { shardDownLaws } from './shardDown.js';
import { shardBegins, shardUpLaws } from './shardUp.js';

/** The laws of each chart, by the chart's id. */
export const lawbooks = {
  shard: new Lawbook<ShardContext>(shardBegins, [...shardUpLaws, ...shardDownLaws]),
  heartbeat: new Lawbook<HeartbeatContext>(heartbeatBegins, heartbeatLaws),
  bucket: new Lawbook<BucketContext>(bucketBegins, bucketLaws),
  identifyQueue: new Lawbook<IdentifyQueueContext>(identifyQueueBegins, identifyQueueLaws),
};

export type Chart = keyof typeof lawbooks;
