import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import type { ShardEvents } from '../shard/events.js';
import type { IdentifyBudgetLeft } from '../identify/identifyLimiter.js';
import type { FatalShardError } from '../util/errors.js';
import type { Shard } from '../shard/shard.js';

/** Events that a manager has besides those of its shards. */
export interface ManagerOnlyEvents {
  /** A shard is Connected, with a new session or with the one it had. */
  connect: { readonly resumed: boolean };
  /** A connection or an attempt at one ended: a second name for `disconnected`. */
  close: ShardEvents['disconnected'];
  /** The gateway refused a shard for good: a second name for `fatal`. Without a listener it goes to the logger. */
  error: FatalShardError;
  /** Every dispatch, whole: a second name for `dispatch`. */
  event: GatewayDispatchPayload;
  /** A shard was created, and has not connected yet. */
  shard: Shard;
}

/** Events that belong to no single shard. */
export interface FleetEvents {
  /**
   * The day's identifies are spent, or shards have identified again too often: those that need an identify wait until
   * `resetAt`.
   */
  exhausted: IdentifyBudgetLeft;
  /** Identifies are available again. */
  renewed: IdentifyBudgetLeft;
}

/** Every event of `manager.on`. */
export type ManagerEvents = ShardEvents & ManagerOnlyEvents & FleetEvents;

/** Called with the event and, where the event belongs to a shard, with its id. */
export type ManagerListener<Name extends keyof ManagerEvents> = (
  value: ManagerEvents[Name],
  ...shardId: Name extends keyof FleetEvents ? [] : [shardId: number]
) => unknown;
