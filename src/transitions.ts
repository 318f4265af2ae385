import type { InspectionEvent } from 'xstate';
import { lifecycleOf, type Lifecycle, type ShardSnapshot } from '../machines/lifecycle.js';
import type { ShardEvent } from '../machines/shard.types.js';
import { advanceSession } from './protocol/session.js';
import type { Decision } from './protocol/decision.js';
import type { TransitionRecord } from './events.js';

/** One event the chart has taken, and where it led. */
export interface Step {
  readonly event: ShardEvent | { readonly type: string };
  readonly snapshot: ShardSnapshot;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  /** The decision taken in this step, if one was. */
  readonly decision: Decision | null;
}

/** Watches one shard's actor and tells each step of its chart, in order. */
export function watchSteps(
  actor: { getSnapshot(): ShardSnapshot; system: { inspect(observer: (event: InspectionEvent) => void): unknown } },
  told: (step: Step) => void,
): void {
  let from: Lifecycle = lifecycleOf(actor.getSnapshot());
  let decided = actor.getSnapshot().context.lastDecision;
  actor.system.inspect((inspected) => {
    if (inspected.type !== '@xstate.snapshot' || (inspected.actorRef as unknown) !== actor) return;
    const snapshot = inspected.snapshot as ShardSnapshot;
    const to = lifecycleOf(snapshot);
    const { lastDecision } = snapshot.context;
    const decision = lastDecision === decided ? null : lastDecision;
    const step = { event: inspected.event as Step['event'], snapshot, from, to, decision };
    from = to;
    decided = lastDecision;
    told(step);
  });
}

/** The record of a step, or null where neither the lifecycle state changed nor anything was decided. */
export function recordOf(
  { event, snapshot, from, to, decision }: Step,
  at: number,
  sequence: number | null,
): TransitionRecord | null {
  if (from === to && decision === null) return null;
  const { shardId } = snapshot.context;
  // The chart hears of the sequence when it needs it; the socket knows it now.
  const session = advanceSession(snapshot.context.session, sequence);
  return {
    at,
    shardId,
    from,
    to,
    event,
    decision,
    session: session === null ? null : { id: session.id, sequence: session.sequence },
  };
}
