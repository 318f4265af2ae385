import type { Awaitable } from '../util/awaitable.js';

/** Permission to send one IDENTIFY. */
export interface IdentifyGrant {
  /**
   * Called just before IDENTIFY leaves: the identify window and the daily budget count from here.
   * Returns false when the grant has expired: the shard queues again.
   */
  commit(): Awaitable<boolean>;
  /** Gives back a grant that was not used, because the socket was lost first. */
  cancel(): Awaitable<void>;
}

/**
 * Decides which shard may identify when: in this process ({@link createIdentifyLimiter}) or shared between machines.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 */
export interface IdentifyLimiter {
  /** Queues the shard and resolves with a grant; rejects when the signal is aborted. A failure is retried after a back-off. */
  acquire(shardId: number, options: { signal: AbortSignal }): Promise<IdentifyGrant>;
}
