import { createActor, fromCallback, type AnyActorLogic, type AnyActorScope, type InspectionEvent } from 'xstate';
import type { ShardSnapshot } from '../../machines/lifecycle.js';
import { shardMachine } from '../../machines/shard.js';
import type { ShardEvent, ShardInput } from '../../machines/shard.types.js';
import type { ChartEvent, ChartStart } from '../shard/steps.js';

const inert: AnyActorLogic = fromCallback(() => {});

function onlyWhere<V>(parts: object, wanted: (part: unknown) => boolean, replacement: V): Record<string, never> {
  const names = Object.entries(parts).flatMap(([name, part]) => (wanted(part) ? [[name, replacement]] : []));
  return Object.fromEntries(names) as Record<string, never>;
}

function isAssignment(action: unknown): boolean {
  return (action as { type?: string } | undefined)?.type === 'xstate.assign';
}

/**
 * Builds the shard's chart without effects. Only assignments stay: they decide the next steps. Every other action sends
 * something to an actor, and a chart that is restored from a record has none.
 */
function buildPureChart() {
  return shardMachine.provide({
    actions: onlyWhere(
      shardMachine.implementations.actions,
      (action) => !isAssignment(action),
      () => {},
    ),
    actors: onlyWhere(shardMachine.implementations.actors, () => true, inert),
  });
}

/** Restores the chart from a record's `start`. Throws where there is no such state. */
export function restore({ value, context }: ChartStart): ShardSnapshot {
  return pure().chart.resolveState({ value, context }) as ShardSnapshot;
}

const nothing = () => {};

/** Makes once what XState's own `transition` makes for every event, which takes three times as long as the event itself. */
function scopeOf(chart: typeof shardMachine): AnyActorScope {
  const self = createActor(chart, { input: {} as ShardInput });
  return {
    self,
    id: self.id,
    sessionId: self.sessionId,
    system: self.system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: nothing,
  };
}

let built: { readonly chart: typeof shardMachine; readonly scope: AnyActorScope } | undefined;

/** Builds the chart at the first call: most processes replay nothing. */
function pure() {
  if (built === undefined) {
    const chart = buildPureChart();
    built = { chart, scope: scopeOf(chart) };
  }
  return built;
}

/** Returns the chart after this event. Throws where the chart does. */
export function step(snapshot: ShardSnapshot, event: ChartEvent): ShardSnapshot {
  const { chart, scope } = pure();
  return chart.transition(snapshot as never, event as ShardEvent, scope) as unknown as ShardSnapshot;
}

/** Sends the microsteps of `step` to the observer, like the inspection of a running actor, until the returned function is called. */
export function inspectSteps(observer: (event: InspectionEvent) => void): () => void {
  const subscription = pure().scope.system.inspect(observer);
  return () => subscription.unsubscribe();
}
