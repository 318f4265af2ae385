import { lifecycles, type Lifecycle } from '../../../machines/lifecycle.js';
import type { TransitionRecord } from '../../events.js';
import type { StateIndex, StepView } from '../protocol.js';

export const stateIndex = (state: Lifecycle): StateIndex => lifecycles.indexOf(state);

const SHOWN_OF_SESSION = 6;

type SessionView = { readonly id: string; readonly sequence: number } | null;

/** A session by the beginning of its id: whoever has all of it can resume it. */
export function sessionView(session: SessionView): SessionView {
  return session && { id: `${session.id.slice(0, SHOWN_OF_SESSION)}…`, sequence: session.sequence };
}

/** Of an event its type alone, and nothing that stands not here. */
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
