import type { ActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/*
 * A side door into XState: `machine.transition` is replaced.
 *
 * XState gives an actor's observers the snapshot without the event. An inspection observer gets events, but those of every
 * action and every child as well, which is a seventh of all that a heartbeat costs. test/sideDoors/lastEvent.test.ts fails
 * when XState no longer calls `machine.transition` once for each event.
 */

/** Keyed by actor: one machine runs in all shards, and an actor that is gone must not be kept. */
const lastEvents = new WeakMap<object, AnyEventObject>();

/** Changes a machine so that {@link lastEventOf} knows the events of its actors, and returns it. */
export function keepLastEvents<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const { transition } = machine;
  machine.transition = (
    snapshot: AnyMachineSnapshot,
    event: AnyEventObject,
    scope: ActorScope<AnyMachineSnapshot, AnyEventObject>,
  ) => {
    lastEvents.set(scope.self, event);
    return transition(snapshot, event, scope);
  };
  return machine;
}

/** The event that led to the actor's snapshot; undefined before the first. */
export function lastEventOf(actor: object): AnyEventObject | undefined {
  return lastEvents.get(actor);
}
