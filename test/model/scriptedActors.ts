import type { AnyActorRef, AnyStateMachine, EventObject } from 'xstate';
import { FAIL, failAfter } from '../machines/scriptedRig.js';

type System = AnyActorRef['system'];

/** Records the orders of a chart and the events it emits, by its actor system. */
export const listeners = new WeakMap<System, (frame: string) => void>();

/** Records an order to a scripted actor. `FAIL` lets the actor fail instead. */
export function obey<Command extends EventObject>(
  system: System,
  command: Command,
  say: (command: Command) => string,
): void {
  if (command.type === FAIL.type) failAfter(() => {});
  listeners.get(system)?.(say(command));
}

/** Gives a chart scripted actors, the same copy for the same chart. */
export function scriptedOnce(provide: (machine: AnyStateMachine) => unknown) {
  const known = new WeakMap<AnyStateMachine, AnyStateMachine>();
  return (machine: AnyStateMachine): AnyStateMachine => {
    const provided = known.get(machine) ?? (provide(machine) as AnyStateMachine);
    known.set(machine, provided);
    return provided;
  };
}
