import type { ShardContext } from '../../../machines/index.js';
import { lawbooks } from '../laws/index.js';
import type { Outcome, Step } from '../laws/lawbook.js';
import type { ObservedStep } from '../observer.js';

/** Outcome that the laws demand of a step of the shard's chart. */
export function owed(observed: ObservedStep): Outcome<ShardContext> {
  const { before, event } = observed as unknown as Step<ShardContext>;
  return lawbooks.shard.find(before, event)?.owes({ ...before, event } as never) ?? {};
}

/**
 * Judges the state and the context that a step on a real clock leads to. Frames are not judged here, because the simulator
 * records them; nor are waits, because no machine keeps them to the millisecond.
 */
export function judge(observed: ObservedStep): string[] {
  const step = observed as unknown as Step<ShardContext>;
  const timer = lawbooks.shard.find(step.before, step.event)?.timer;
  return lawbooks.shard.judge({
    ...step,
    frames: owed(observed).frames ?? [],
    elapsedMs: new Map(timer && [[timer.of, timer.ms(step.before.context)]]),
  });
}
