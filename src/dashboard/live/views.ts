import { lifecycles } from '../../../machines/lifecycle.js';
import type { TransitionRecord } from '../../shard/events.js';
import type { ShownState, StateIndex, StepView } from '../messages.js';
import type { WatchedShard } from './watched.js';

/** In the order of a shard's life. */
export const shownStates: readonly ShownState[] = [...lifecycles, 'fatal'];

export const stateIndex = (state: ShownState): StateIndex => shownStates.indexOf(state);

/** The state a shard is shown in after a record. */
export const shownAfter = ({ to, decision }: Pick<TransitionRecord, 'to' | 'decision'>): ShownState =>
  to === 'Offline' && decision?.action === 'fatal' ? 'fatal' : to;

/** The state a shard is shown in now. */
export function shownOf({ state, history }: WatchedShard): ShownState {
  const last = state === 'Offline' ? history.at(-1) : undefined;
  return last === undefined ? state : shownAfter(last);
}

const SHOWN_OF_SESSION = 6;

type SessionView = { readonly id: string; readonly sequence: number } | null;

/** A session with its id cut short: the whole id would let a reader resume it. */
export function sessionView(session: SessionView): SessionView {
  return session && { id: `${session.id.slice(0, SHOWN_OF_SESSION)}…`, sequence: session.sequence };
}

/** A record as the page shows it. Only the event's type is kept; every other property of it is dropped. */
export function stepView({ at, from, to, event, decision, session }: TransitionRecord): StepView {
  return {
    at,
    from: stateIndex(from),
    to: stateIndex(to),
    event: event.type,
    decision: decision && {
      action: decision.action,
      code: decision.code,
      reason: decision.reason,
      attempt: decision.attempt,
      delay: decision.delay,
    },
    session: sessionView(session),
  };
}
