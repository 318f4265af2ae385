import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import type { ShardEvents } from '../shard/events.js';
import type { IdentifyBudgetLeft } from '../identify/identifyLimiter.js';
import type { FatalShardError } from '../util/errors.js';
import type { Shard } from '../shard/shard.js';

/** Events a manager has beside those of its shards. */
export interface ManagerOnlyEvents {
  /** A shard is Connected: with a new session, or with the one it had. */
  connect: { readonly resumed: boolean };
  /** A connection ended, or an attempt at one: another name for `disconnected`. */
  close: ShardEvents['disconnected'];
  /** A shard was refused for good. Without a listener it goes to the logger. */
  error: FatalShardError;
  /** Every dispatch, whole: another name for `dispatch`. */
  event: GatewayDispatchPayload;
  /** A shard was made, and has done nothing yet. */
  shard: Shard;
}

/** Events that are no single shard's. */
export interface FleetEvents {
  /** The day's identifies are spent: shards that need one wait until `resetAt`. */
  exhausted: IdentifyBudgetLeft;
  /** There are identifies again. */
  renewed: IdentifyBudgetLeft;
}

/** Everything `manager.on` knows. */
export type ManagerEvents = ShardEvents & ManagerOnlyEvents & FleetEvents;

/** Told the event and, where it is one shard's, the id of that. */
export type ManagerListener<Name extends keyof ManagerEvents> = (
  value: ManagerEvents[Name],
  ...shardId: Name extends keyof FleetEvents ? [] : [shardId: number]
) => unknown;
