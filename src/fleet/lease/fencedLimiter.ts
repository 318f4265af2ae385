import type { IdentifyGrant, IdentifyLimiter } from '../../identify/limiter.js';
import { ShardError } from '../../util/errors.js';

/**
 * Returns a limiter whose grants commit only while `holds` says that the shard is this worker's: no identify is spent on a
 * shard that another worker has taken. Redis counts the identify after the question, never before.
 *
 * `commit` throws ShardError `NOT_OWNED`, and what `holds` rejects with; the grant is given back, and the shard asks again
 * after its back-off.
 */
export function fencedLimiter(limiter: IdentifyLimiter, holds: () => Promise<boolean>): IdentifyLimiter {
  const check = async (shardId: number) => {
    if (await holds()) return;
    throw new ShardError('NOT_OWNED', `Shard ${shardId} does not identify: another worker of the fleet has taken it.`, {
      value: shardId,
    });
  };
  return {
    async acquire(shardId, options) {
      const grant: IdentifyGrant = await limiter.acquire(shardId, options);
      return {
        async commit() {
          try {
            await check(shardId);
          } catch (error) {
            await grant.cancel();
            throw error;
          }
          return grant.commit();
        },
        cancel: () => grant.cancel(),
      };
    },
  };
}
