import { fromCallback, type EventObject } from 'xstate';
import type { SlotInput, SlotReport } from '../../machines/shard.types.js';

/** A value or a promise of it: limiters and stores may live in this process or elsewhere. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Leave to send one IDENTIFY. */
export interface IdentifyGrant {
  /**
   * Called just before IDENTIFY leaves: the window and the daily budget count from here.
   * False where the grant has run out: the shard queues again.
   */
  commit(): Awaitable<boolean>;
  /** Gives back a grant that was not used: the socket was lost first. */
  cancel(): Awaitable<void>;
}

/**
 * Who may identify when: in this process ({@link createIdentifyLimiter}) or shared between machines.
 *
 * See [Discord Docs/Rate Limiting and Max Concurrency](https://docs.discord.com/developers/events/gateway#sharding-max-concurrency).
 */
export interface IdentifyLimiter {
  /** Queues, and resolves with a grant; rejects when the signal is aborted. A failure is retried after a back-off. */
  acquire(shardId: number, options: { signal: AbortSignal }): Promise<IdentifyGrant>;
}

/** What a shard's slot needs beyond its input. */
export interface SlotDeps {
  readonly limiter: IdentifyLimiter;
  prepare(signal: AbortSignal): Promise<void>;
  redact(text: string): string;
}

/** The place of one shard in the identify queue: taken on start, given back on stop. */
export function slotLogic(depsOf: (system: object) => SlotDeps) {
  return fromCallback<EventObject, SlotInput, SlotReport & EventObject>(({ input, system, sendBack }) => {
    const deps = depsOf(system);
    const abort = new AbortController();
    const { signal } = abort;
    const tell = (report: SlotReport) => {
      if (!signal.aborted) sendBack(report);
    };
    const take = async () => {
      await deps.prepare(signal);
      const grant = await deps.limiter.acquire(input.shardId, { signal });
      if (signal.aborted) return grant.cancel();
      tell((await grant.commit()) ? { type: 'slot.granted' } : { type: 'slot.expired' });
    };
    take().catch((error: unknown) => tell({ type: 'slot.failed', reason: deps.redact(String(error)) }));
    return () => abort.abort(new Error('the shard no longer waits for an identify slot'));
  });
}
