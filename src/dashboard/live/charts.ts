import type { AnyTransitionDefinition, InspectionEvent, StateValue } from 'xstate';
import type { ChartName, ShardMessage } from '../messages.js';

type TakenEdge = ShardMessage['taken'][number];

const CHARTS: ReadonlySet<string> = new Set<ChartName>(['shard', 'heartbeat', 'bucket']);

/**
 * The id of a transition in the pictures, `data-edge`: source, event, and index among the transitions of that event.
 */
export function edgeId(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const list = eventType === '' ? source.always : source.transitions.get(eventType);
  return `${source.id}|${eventType}|${list?.indexOf(transition) ?? -1}`;
}

/** Edges that were taken in a microstep of a chart that the page shows. Charts are recognized by their ids. */
export function edgesTaken(inspected: InspectionEvent): TakenEdge[] {
  if (inspected.type !== '@xstate.microstep') return [];
  // `_transitions` is internal to XState. Without it the pictures lose their flashes, and nothing else.
  const transitions = (inspected['_transitions'] as AnyTransitionDefinition[] | undefined) ?? [];
  return transitions
    .filter(({ source }) => CHARTS.has(source.machine.id))
    .map((transition) => ({ chart: transition.source.machine.id as ChartName, edge: edgeId(transition) }));
}

/** Path of the innermost active state, `data-state` in the pictures. No chart shown here has parallel regions. */
export function leafOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  return inner === undefined ? key : `${key}.${leafOf(inner)}`;
}
