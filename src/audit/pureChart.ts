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
 * The shard's chart without effects: what assigns decides what follows and stays, all else tells actors what to do. None of
 * those are there, for a chart that is resumed from a record has no children.
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

/** The chart as it was. Throws where there is no such state. */
export function chartAt({ value, context }: ChartStart): ShardSnapshot {
  return pure().chart.resolveState({ value, context }) as ShardSnapshot;
}

const nothing = () => {};

/** What XState's own `transition` makes anew for every event, which takes three times as long as the event itself. */
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

/** Made when it is first asked for: most processes replay nothing. */
function pure() {
  if (built === undefined) {
    const chart = buildPureChart();
    built = { chart, scope: scopeOf(chart) };
  }
  return built;
}

/** The chart after it has taken this event. Throws where the chart does. */
export function take(snapshot: ShardSnapshot, event: ChartEvent): ShardSnapshot {
  const { chart, scope } = pure();
  return chart.transition(snapshot as never, event as ShardEvent, scope) as unknown as ShardSnapshot;
}

/** Tells of the microsteps `take` goes through, as the inspection of a running actor does, until the function it returns is called. */
export function inspectTaking(observer: (event: InspectionEvent) => void): () => void {
  const subscription = pure().scope.system.inspect(observer);
  return () => subscription.unsubscribe();
}
