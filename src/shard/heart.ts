import type { ShardSnapshot } from '../../machines/lifecycle.js';
import type { ShardObserver } from './observer.js';

/** The heartbeat of a shard. Times in milliseconds. */
export interface Heart {
  /** `heartbeat_interval` of the last HELLO; null before the first. */
  readonly interval: number | null;
  /** Between the last heartbeat and its ack; null before the first ack. */
  readonly latency: number | null;
  /** When the last heartbeat left, since the epoch. */
  readonly lastBeatAt: number | null;
  readonly lastAckAt: number | null;
  /** Heartbeats of this connection, sent and acknowledged. */
  readonly beats: number;
  readonly acknowledged: number;
}

/** Permits of this connection; all 0 while there is none. */
export interface Bucket {
  readonly capacity: number;
  readonly available: number;
  readonly presencesAvailable: number;
}

export function heartOf(
  { children, context }: ShardSnapshot,
  { latency, lastBeatAt, lastAckAt }: Pick<ShardObserver, 'latency' | 'lastBeatAt' | 'lastAckAt'>,
): Heart {
  const heartbeat = children.heartbeat?.getSnapshot().context;
  return {
    interval: context.heartbeatIntervalMs === 0 ? null : context.heartbeatIntervalMs,
    latency,
    lastBeatAt,
    lastAckAt,
    beats: heartbeat?.beats ?? 0,
    acknowledged: heartbeat?.acknowledged ?? 0,
  };
}

export function bucketOf({ children }: ShardSnapshot): Bucket {
  const bucket = children.bucket?.getSnapshot().context;
  return {
    capacity: bucket?.capacity ?? 0,
    available: bucket?.free.length ?? 0,
    presencesAvailable: bucket?.freePresence.length ?? 0,
  };
}
