import type { AnyMachineSnapshot, AnyStateMachine, EventObject, InputFrom, SnapshotFrom } from 'xstate';
import { createEmptyActor, getNextTransitions } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { pathOf } from './observer.js';

/** The way to one reachable configuration of a chart: each event, and the configuration it leads to in the words of the projection. */
export interface Path {
  readonly steps: readonly { readonly event: EventObject; readonly reaches: string }[];
  /** The state that the steps lead to: `Online.link.session.Resuming.replaying`. */
  readonly state: string;
  /** Events that may happen then. */
  readonly next: readonly EventObject[];
}

/** More than any chart here needs; a projection that forgets a counter would never end. */
const LIMIT = 200_000;

/**
 * The shortest way to each configuration a chart can reach. Time, failures and ends of invoked actors are read off the
 * chart; what the outside can say is given. `project` is what two configurations must differ in to count as two.
 */
export function shortestPaths<Machine extends AnyStateMachine>(
  machine: Machine,
  {
    input,
    events,
    project,
  }: {
    readonly input: InputFrom<Machine>;
    readonly events: (snapshot: SnapshotFrom<Machine>) => readonly EventObject[];
    readonly project: (snapshot: SnapshotFrom<Machine>) => string;
  },
): Path[] {
  const paths = getShortestPaths(withParent(machine), {
    input,
    events: (snapshot) => events(snapshot as SnapshotFrom<Machine>),
    serializeState: (snapshot) => project(snapshot as SnapshotFrom<Machine>),
    limit: LIMIT,
  });
  return paths.map(({ state, steps }) => ({
    // The first step is the start of the chart.
    steps: steps.slice(1).map((step) => ({
      event: step.event,
      reaches: project(step.state as SnapshotFrom<Machine>),
    })),
    state: pathOf(state.value),
    next: events(state as SnapshotFrom<Machine>),
  }));
}

/** The exploration knows no parents, and a chart that reports to one would throw. */
function withParent(machine: AnyStateMachine): AnyStateMachine {
  const parent = createEmptyActor();
  const transition = machine.transition.bind(machine) as (...args: unknown[]) => unknown;
  return Object.assign(Object.create(machine), {
    transition: (snapshot: unknown, event: EventObject, scope: { readonly self: object }) =>
      transition(snapshot, event, { ...scope, self: Object.assign(Object.create(scope.self), { _parent: parent }) }),
  }) as AnyStateMachine;
}

/** Events from inside of the chart: timers, and actors that end or fail. */
export function inside(snapshot: AnyMachineSnapshot): EventObject[] {
  const types = getNextTransitions(snapshot).map(({ eventType }) => eventType);
  return [...new Set(types)].filter((type) => type.startsWith('xstate.')).map((type) => ({ type }));
}
