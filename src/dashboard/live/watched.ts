import { checkMethods, refuse } from '../../util/options.js';
import type { ShardManager } from '../../manager/manager.js';
import type { Shard } from '../../shard/shard.js';

/** The members of a Shard that the dashboard uses. */
export type WatchedShard = Pick<
  Shard,
  | 'id'
  | 'total'
  | 'actor'
  | 'state'
  | 'session'
  | 'latency'
  | 'history'
  | 'heart'
  | 'bucket'
  | 'queue'
  | 'stats'
  | 'connect'
  | 'reconnect'
  | 'reinstantiate'
  | 'close'
  | 'on'
  | 'off'
>;

/** The members of a ShardManager that the dashboard uses. */
export type WatchedManager = Pick<ShardManager, 'shards' | 'otherShards' | 'total' | 'status' | 'on' | 'off'>;

/**
 * Checks that a source is a shard or a manager.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkWatched(source: unknown): asserts source is WatchedShard | WatchedManager {
  if (isManager(source)) return checkMethods('source', source, ['on', 'off', 'status'], 0);
  const { id, actor } = (source ?? {}) as Partial<WatchedShard>;
  if (!Number.isSafeInteger(id) || typeof actor?.system?.inspect !== 'function') {
    refuse('source', source, 'a shard or a manager of shards', 0);
  }
  checkMethods('source', source, ['connect', 'reconnect', 'reinstantiate', 'close', 'on', 'off'], 0);
}

export const isManager = (source: unknown): source is WatchedManager =>
  (source as Partial<WatchedManager> | null)?.shards instanceof Map;
