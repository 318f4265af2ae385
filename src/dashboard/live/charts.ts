import type { AnyTransitionDefinition, InspectionEvent, StateValue } from 'xstate';
import type { ChartName, ShardMessage } from '../messages.js';

type Taken = ShardMessage['taken'][number];

const CHARTS: ReadonlySet<string> = new Set<ChartName>(['shard', 'heartbeat', 'bucket']);

/** The id a transition has in the pictures, `data-edge`: its source, its event, its place among those of that event. */
export function edgeId(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const list = eventType === '' ? source.always : source.transitions.get(eventType);
  return `${source.id}|${eventType}|${list?.indexOf(transition) ?? -1}`;
}

/** The edges that were taken in a microstep of a chart that is shown. The actors' ids need not be asked: a chart has its own. */
export function edgesTaken(inspected: InspectionEvent): Taken[] {
  if (inspected.type !== '@xstate.microstep') return [];
  // XState marks them as its own business: should they go, the pictures lose their flashes and nothing else.
  const transitions = (inspected['_transitions'] as AnyTransitionDefinition[] | undefined) ?? [];
  return transitions
    .filter(({ source }) => CHARTS.has(source.machine.id))
    .map((transition) => ({ chart: transition.source.machine.id as ChartName, edge: edgeId(transition) }));
}

/** Path of the innermost active state, `data-state` of the pictures: no chart shown here has parallel regions. */
export function leafOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  return inner === undefined ? key : `${key}.${leafOf(inner)}`;
}
