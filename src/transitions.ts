import type { InspectionEvent } from 'xstate';
import { lifecycleOf, type Lifecycle, type ShardSnapshot } from '../machines/lifecycle.js';
import type { ShardContext, ShardEvent } from '../machines/shard.types.js';
import { advanceSession } from './protocol/session.js';
import type { Decision } from './protocol/decision.js';
import type { TransitionRecord } from './events.js';

/** What the chart takes: its own events, and those XState makes of its timers and actors. */
export type ChartEvent = ShardEvent | { readonly type: string };

/** The chart as it was at one moment: all a replay needs to go on from there. */
export interface ChartStart {
  readonly value: ShardSnapshot['value'];
  readonly context: ShardContext;
}

/** An event that changed the lifecycle state, or on which something was decided. */
export interface Step {
  readonly event: ChartEvent;
  readonly snapshot: ShardSnapshot;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  /** The decision taken in this step, if one was. */
  readonly decision: Decision | null;
  /** Events since the step before that changed the chart, but neither its lifecycle state nor its decision. */
  readonly since: readonly ChartEvent[];
  /** The chart before `since`. */
  readonly start: ChartStart;
}

/**
 * Watches one shard's actor: tells each event its chart has taken, and then the step it led to where it led to one.
 *
 * Most events of a shard's life (heartbeats, acks, sends) change nothing. They cost one comparison here: XState hands on
 * the very same snapshot then.
 */
export function watchSteps(
  actor: { getSnapshot(): ShardSnapshot; system: { inspect(observer: (event: InspectionEvent) => void): unknown } },
  took: (event: ChartEvent, snapshot: ShardSnapshot) => void,
  stepped: (step: Step) => void,
): void {
  let latest = actor.getSnapshot();
  let from = lifecycleOf(latest);
  let decided = latest.context.lastDecision;
  let start = startOf(latest);
  const since: ChartEvent[] = [];
  actor.system.inspect((inspected) => {
    if (inspected.type !== '@xstate.snapshot' || (inspected.actorRef as unknown) !== actor) return;
    const snapshot = inspected.snapshot as ShardSnapshot;
    const event = inspected.event as ChartEvent;
    const isChanged = snapshot !== latest;
    latest = snapshot;
    took(event, snapshot);
    if (!isChanged) return;
    const to = lifecycleOf(snapshot);
    const { lastDecision } = snapshot.context;
    if (from === to && lastDecision === decided) return collect(since, event);
    const decision = lastDecision === decided ? null : lastDecision;
    // Copied to its length: an array that grew has room for more, and `history` keeps it for as long as the shard lives.
    const step = { event, snapshot, from, to, decision, since: since.length === 0 ? NONE : since.slice(), start };
    from = to;
    decided = lastDecision;
    since.length = 0;
    start = startOf(snapshot);
    stepped(step);
  });
}

const NONE: readonly ChartEvent[] = [];

/** Every state a shard has been in, once for all shards: a snapshot's own is a tree of objects, and `history` keeps fifty. */
const values = new Map<string, ShardSnapshot['value']>();

function startOf({ value, context }: ShardSnapshot): ChartStart {
  const name = JSON.stringify(value);
  const known = values.get(name);
  if (known === undefined) values.set(name, value);
  return { value: known ?? value, context };
}

/** A resume may replay thousands of dispatches, each of which says only how far it has come: the furthest says it all. */
function collect(since: ChartEvent[], event: ChartEvent): void {
  const last = since.at(-1);
  if (last !== undefined && isReplayed(last) && isReplayed(event)) {
    if (event.sequence > last.sequence) since[since.length - 1] = event;
  } else since.push(event);
}

const isReplayed = (event: ChartEvent): event is Extract<ShardEvent, { type: 'gateway.replayed' }> =>
  event.type === 'gateway.replayed';

/**
 * The record of a step. Its seven properties are what users log and compare; what a replay needs besides stands behind
 * getters of the class, where neither JSON nor a spread takes it along.
 */
class Transition implements TransitionRecord {
  readonly at: number;
  readonly shardId: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  readonly event: ChartEvent;
  readonly decision: Decision | null;
  readonly session: { readonly id: string; readonly sequence: number } | null;
  readonly #since: readonly ChartEvent[];
  readonly #start: ChartStart;

  constructor({ event, snapshot, from, to, decision, since, start }: Step, at: number, sequence: number | null) {
    // The chart hears of the sequence when it needs it; the socket knows it now.
    const session = advanceSession(snapshot.context.session, sequence);
    this.at = at;
    this.shardId = snapshot.context.shardId;
    this.from = from;
    this.to = to;
    this.event = event;
    this.decision = decision;
    this.session = session === null ? null : { id: session.id, sequence: session.sequence };
    this.#since = since;
    this.#start = start;
  }

  get since(): readonly ChartEvent[] {
    return this.#since;
  }

  get start(): ChartStart {
    return this.#start;
  }
}

/** The record of a step, made at this moment, with the latest sequence of the socket's. */
export function recordOf(step: Step, at: number, sequence: number | null): TransitionRecord {
  return new Transition(step, at, sequence);
}
