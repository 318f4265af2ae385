import type { Lifecycle } from '../../machines/lifecycle.js';
import type { TransitionRecord } from './events.js';
import type { Decision } from '../protocol/decision.js';
import { advanceSession } from '../protocol/session.js';
import type { ChartEvent, ChartStart, Step } from './steps.js';

/**
 * The record of a step. Its seven properties are what users log and compare; what a replay needs besides stands behind
 * getters of the class, where neither JSON nor a spread takes it along.
 */
class Transition implements TransitionRecord {
  readonly at: number;
  readonly shardId: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  readonly event: ChartEvent;
  readonly decision: Decision | null;
  readonly session: { readonly id: string; readonly sequence: number } | null;
  readonly #since: readonly ChartEvent[];
  readonly #start: ChartStart;

  constructor({ event, snapshot, from, to, decision, since, start }: Step, at: number, sequence: number | null) {
    // The chart hears of the sequence when it needs it; the socket knows it now.
    const session = advanceSession(snapshot.context.session, sequence);
    this.at = at;
    this.shardId = snapshot.context.shardId;
    this.from = from;
    this.to = to;
    this.event = event;
    this.decision = decision;
    this.session = session === null ? null : { id: session.id, sequence: session.sequence };
    this.#since = since;
    this.#start = start;
  }

  get since(): readonly ChartEvent[] {
    return this.#since;
  }

  get start(): ChartStart {
    return this.#start;
  }
}

/** The record of a step, made at this moment, with the socket's latest sequence. */
export function recordOf(step: Step, at: number, sequence: number | null): TransitionRecord {
  return new Transition(step, at, sequence);
}
