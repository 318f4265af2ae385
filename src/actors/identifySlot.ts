import { fromCallback, type EventObject } from 'xstate';
import type { SlotInput, SlotReport } from '../../machines/shard.types.js';
import type { IdentifyGrant, IdentifyLimiter } from '../identify/limiter.js';
import { messageOf } from '../util/messageOf.js';

/** Everything a shard's slot needs beyond its input. */
export interface SlotDeps {
  readonly limiter: IdentifyLimiter;
  prepare(signal: AbortSignal): Promise<void>;
  /** The limiter did not take back a grant that was not used. */
  onCancelFailed(error: unknown): void;
  redact(text: string): string;
}

/** The place of one shard in the identify queue: taken on start, given back on stop. */
export function slotLogic(depsOf: (system: object) => SlotDeps) {
  return fromCallback<EventObject, SlotInput, SlotReport & EventObject>(({ input, system, sendBack }) => {
    const deps = depsOf(system);
    const abort = new AbortController();
    const { signal } = abort;
    const send = (report: SlotReport) => {
      if (!signal.aborted) sendBack(report);
    };
    const giveBack = async (grant: IdentifyGrant) => {
      try {
        await grant.cancel();
      } catch (error) {
        deps.onCancelFailed(error);
      }
    };
    const take = async () => {
      await deps.prepare(signal);
      const grant = await deps.limiter.acquire(input.shardId, { signal });
      if (signal.aborted) return giveBack(grant);
      send((await grant.commit()) ? { type: 'slot.granted' } : { type: 'slot.expired' });
    };
    take().catch((error: unknown) => send({ type: 'slot.failed', reason: deps.redact(messageOf(error)) }));
    return () => abort.abort(new Error('the shard no longer waits for an identify slot'));
  });
}
