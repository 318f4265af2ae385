import type { Actor } from 'xstate';
import { lifecycleOf, type Lifecycle, type ShardSnapshot } from '../../machines/lifecycle.js';
import type { shardMachine } from '../../machines/shard.js';
import type { ShardContext, ShardEvent } from '../../machines/shard.types.js';
import type { Decision } from '../protocol/decision.js';
import { lastEventOf } from './lastEvent.js';

/** An event of the chart: its own, or one that XState makes of its timers and actors. */
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

export interface StepWatcher {
  /** The chart has taken an event; `before` is the very same snapshot where it changed nothing. */
  onEvent(event: ChartEvent, snapshot: ShardSnapshot, before: ShardSnapshot): void;
  /** That led to a step. */
  onStep(step: Step): void;
  /** The chart has thrown, which ended its actor. */
  onFailure(error: unknown): void;
}

/** Reports each event of the actor, and the step it led to where it led to one. Its machine is one of `keepLastEvents`. */
export function watchSteps(actor: Actor<typeof shardMachine>, watcher: StepWatcher): void {
  actor.subscribe(new StepWatch(actor, watcher));
}

const START: ChartEvent = { type: 'xstate.init' };
const NONE: readonly ChartEvent[] = [];

/**
 * Most events of a shard's life (heartbeats, acks, sends) change nothing. They cost one comparison here: XState hands on
 * the very same snapshot then.
 */
class StepWatch {
  readonly #actor: Actor<typeof shardMachine>;
  readonly #watcher: StepWatcher;
  readonly #since: ChartEvent[] = [];
  #latest: ShardSnapshot;
  #from: Lifecycle;
  #start: ChartStart;

  constructor(actor: Actor<typeof shardMachine>, watcher: StepWatcher) {
    this.#actor = actor;
    this.#watcher = watcher;
    this.#latest = actor.getSnapshot();
    this.#from = lifecycleOf(this.#latest);
    this.#start = startOf(this.#latest);
  }

  next(snapshot: ShardSnapshot): void {
    const event = lastEventOf(this.#actor) ?? START;
    const before = this.#latest;
    this.#latest = snapshot;
    this.#watcher.onEvent(event, snapshot, before);
    if (snapshot === before) return;
    const from = this.#from;
    const to = lifecycleOf(snapshot);
    const { lastDecision } = snapshot.context;
    const isDecided = lastDecision !== before.context.lastDecision;
    if (from === to && !isDecided) return collect(this.#since, event);
    const decision = isDecided ? lastDecision : null;
    // Copied to its length: an array that grew has room for more, and `history` keeps it for as long as the shard lives.
    const since = this.#since.length === 0 ? NONE : this.#since.slice();
    const step = { event, snapshot, from, to, decision, since, start: this.#start };
    this.#from = to;
    this.#since.length = 0;
    this.#start = startOf(snapshot);
    this.#watcher.onStep(step);
  }

  /** The actor was stopped, which is an event like others. */
  complete(): void {
    this.next(this.#actor.getSnapshot());
  }

  error(error: unknown): void {
    this.#watcher.onFailure(error);
  }
}

/** Every state a shard has been in, once for all shards: a snapshot's own is a tree of objects, and `history` keeps fifty. */
const values = new Map<string, ShardSnapshot['value']>();

function startOf({ value, context }: ShardSnapshot): ChartStart {
  const name = JSON.stringify(value);
  const known = values.get(name);
  if (known === undefined) values.set(name, value);
  return { value: known ?? value, context };
}

/**
 * A resume may replay thousands of dispatches, each of which says only how far it has come: the furthest says it all. So does
 * the last of the acks during which READY is late.
 */
function collect(since: ChartEvent[], event: ChartEvent): void {
  const last = since.at(-1);
  if (last !== undefined && isReplayed(last) && isReplayed(event)) {
    if (event.sequence > last.sequence) since[since.length - 1] = event;
  } else if (last?.type === ACK && event.type === ACK) since[since.length - 1] = event;
  else since.push(event);
}

const ACK = 'gateway.acknowledged';

const isReplayed = (event: ChartEvent): event is Extract<ShardEvent, { type: 'gateway.replayed' }> =>
  event.type === 'gateway.replayed';
