import { initialTransition, transition, type EventObject } from 'xstate';
import { shardMachine, type ShardInput } from '../../../machines/index.js';
import { backoff, timeouts } from '../../machines/rig.js';
import { firstSession } from '../alphabet.js';
import { shortestPaths } from '../explore.js';
import { pathOf, type AnyTransitionDefinition } from '../observer.js';
import { project } from '../shardPaths.js';
import { leadingOn, possible, type ShardSnapshot } from './possible.js';
import { stories, type RunEvent } from './stories.js';

export type Input = Pick<ShardInput, 'resumeAttempts' | 'autoReconnect' | 'session' | 'asksStore'>;

/** Event of a run, and the configuration it leads to, as the projection writes it. */
export interface RunStep extends RunEvent {
  readonly reaches: string;
}

/** Path from Offline to one event in one state. */
export interface Run {
  readonly input: Input;
  readonly steps: readonly RunStep[];
  /** State path in which the last event happens. */
  readonly from: string;
}

const inputs: readonly Input[] = [
  { resumeAttempts: 1, autoReconnect: true, session: null },
  { resumeAttempts: 3, autoReconnect: true, session: firstSession },
  { resumeAttempts: 1, autoReconnect: false, session: null },
  { resumeAttempts: 1, autoReconnect: true, session: null, asksStore: true },
];

const whole = (input: Input): ShardInput => ({ shardId: 0, timeouts, backoff, seed: 1, ...input });

/** Shortest path to each edge that each event can take in each state, and the stories. */
export function allRuns(): Run[] {
  const shortest = new Map<string, Run>();
  for (const input of inputs) {
    const paths = shortestPaths(shardMachine, { input: whole(input), events: leadingOn, project });
    for (const { steps } of paths) {
      const way = follow(
        input,
        steps.map(({ event }) => ({ event })),
      );
      for (const event of possible(way.at)) {
        const from = pathOf(way.at.value);
        const [after] = transition(shardMachine, way.at, event as never);
        const run = { input, from, steps: [...way.steps, { event, reaches: project(after) }] };
        for (const edge of edgesTaken(way.at, event, after)) {
          const key = `${from} ${edge} ${say(event)}`;
          if (run.steps.length < (shortest.get(key)?.steps.length ?? Infinity)) shortest.set(key, run);
        }
      }
    }
  }
  const storyRuns = stories.map(({ session, events }): Run => {
    const input: Input = { resumeAttempts: 3, autoReconnect: true, session: session ? firstSession : null };
    const { steps } = follow(input, events);
    const { at } = follow(input, events.slice(0, -1));
    return { input, steps, from: pathOf(at.value) };
  });
  return [...new Set(shortest.values()), ...storyRuns];
}

function follow(input: Input, events: readonly RunEvent[]) {
  let [at] = initialTransition(shardMachine, whole(input)) as [ShardSnapshot, unknown];
  const steps = events.map((next): RunStep => {
    [at] = transition(shardMachine, at, next.event as never) as [ShardSnapshot, unknown];
    return { ...next, reaches: project(at) };
  });
  return { at, steps };
}

/** Edges that a step takes: that of its event, and the eventless one that follows. */
function edgesTaken(before: ShardSnapshot, event: EventObject, after: ShardSnapshot): string[] {
  const [taken] = shardMachine.getTransitionData(before, event as never) as unknown as AnyTransitionDefinition[];
  if (taken === undefined) return [];
  const { source, eventType, target } = taken;
  const edge = `${source.id}|${eventType}|${source.transitions.get(eventType)?.indexOf(taken)}`;
  const [always] = target?.[0]?.always ?? [];
  return always === undefined || after.matches(always.source.key as never) ? [edge] : [edge, `${always.source.id}||0`];
}

/** Event in words, with the data that matters. */
export function say({ type, ...rest }: EventObject): string {
  const { code, resumable, retryAfterMs } = rest as {
    code?: number;
    resumable?: boolean;
    retryAfterMs?: number | null;
  };
  const [name] = type.split('.shard.');
  return [name, code, resumable, retryAfterMs].filter((word) => word !== undefined && word !== null).join(' ');
}
