import type { AnyActorRef, InspectionEvent, StateValue } from 'xstate';
import type { TransitionRecord } from '../../shard/events.js';
import type { ChartName, LiveNumbers, ShardKey, ShardMessage, StepView } from '../messages.js';
import { edgesTaken, leafOf } from './charts.js';
import { sessionView, shownOf, stateIndex, stepView } from './views.js';
import type { WatchedShard } from './watched.js';

/** Limit for changes between two messages; the oldest are dropped. */
const MAX_PENDING = 200;

type Latency = LiveNumbers['heart']['latencies'][number];

/** Watches one shard closely while viewers have it selected. */
export class ShardWatcher {
  readonly shard: WatchedShard;
  readonly #key: ShardKey;
  readonly #inspection: { unsubscribe(): void };
  readonly #onError: (error: unknown) => void;
  #taken: ShardMessage['taken'][number][] = [];
  #steps: StepView[] = [];
  #latencies: Latency[] = [];
  #sentState = '';

  constructor(shard: WatchedShard, key: ShardKey, onError: (error: unknown) => void) {
    this.shard = shard;
    this.#key = key;
    this.#onError = onError;
    this.#inspection = shard.actor.system.inspect((event) => this.#onInspection(event));
    shard.on('transition', this.#onTransition);
    shard.on('heartbeat', this.#onHeartbeat);
  }

  /**
   * The whole shard, for a new viewer. Send pending changes to the earlier viewers first: this message contains them.
   */
  whole(at: number): ShardMessage {
    const now = stateOf(this.shard);
    this.#sentState = JSON.stringify(now);
    const { lastAckAt, latency } = this.shard.heart;
    const latencies: Latency[] = lastAckAt === null || latency === null ? [] : [[lastAckAt, latency]];
    return this.#message(at, now, { isWhole: true, taken: [], steps: this.shard.history.map(stepView) }, latencies);
  }

  /** Changes since the last message; null where nothing changed. */
  changes(at: number): ShardMessage | null {
    const [taken, steps, latencies] = [this.#taken, this.#steps, this.#latencies];
    [this.#taken, this.#steps, this.#latencies] = [[], [], []];
    const now = stateOf(this.shard);
    const state = JSON.stringify(now);
    if (state === this.#sentState && taken.length + steps.length + latencies.length === 0) return null;
    this.#sentState = state;
    return this.#message(at, now, { isWhole: false, taken, steps }, latencies);
  }

  /** Removes all listeners from the shard. */
  stop(): void {
    this.#inspection.unsubscribe();
    this.shard.off('transition', this.#onTransition);
    this.shard.off('heartbeat', this.#onHeartbeat);
  }

  #message(
    at: number,
    { live, ...now }: ReturnType<typeof stateOf>,
    news: Pick<ShardMessage, 'isWhole' | 'taken' | 'steps'>,
    latencies: readonly Latency[],
  ): ShardMessage {
    const heart = { ...live.heart, latencies };
    return { at, key: this.#key, id: this.shard.id, ...news, ...now, live: { ...live, heart } };
  }

  #onInspection(event: InspectionEvent): void {
    // XState does not catch errors of observers: one would end the chart.
    try {
      push(this.#taken, edgesTaken(event));
    } catch (error) {
      this.#onError(error);
    }
  }

  readonly #onTransition = (record: TransitionRecord): void => {
    push(this.#steps, [stepView(record)]);
  };

  readonly #onHeartbeat = ({ latency }: { readonly latency: number }): void => {
    push(this.#latencies, [[Date.now(), latency]]);
  };
}

function push<T>(pending: T[], news: readonly T[]): void {
  pending.push(...news);
  if (pending.length > MAX_PENDING) pending.splice(0, pending.length - MAX_PENDING);
}

/** The shard's current state, without pending changes. */
const stateOf = (shard: WatchedShard) => ({
  state: stateIndex(shownOf(shard)),
  active: activeOf(shard),
  session: sessionView(shard.session),
  live: numbersOf(shard),
});

interface ChartSnapshot {
  readonly status: string;
  readonly value: StateValue;
}

/** Heartbeat and bucket actors are replaced with each connection, so they are looked up each time. */
function activeOf({ actor }: WatchedShard): Record<ChartName, string | null> {
  const { children } = actor.getSnapshot();
  return { shard: activeIn(actor), heartbeat: activeIn(children.heartbeat), bucket: activeIn(children.bucket) };
}

function activeIn(actor: AnyActorRef | undefined): string | null {
  if (actor === undefined) return null;
  const { status, value } = actor.getSnapshot() as ChartSnapshot;
  return status === 'active' ? leafOf(value) : null;
}

function numbersOf({ heart, bucket, queue, stats }: WatchedShard) {
  const { interval, lastBeatAt, lastAckAt } = heart;
  const { connections, identifies, resumes, dispatches, replayed, bytesReceived, framesSent, malformed } = stats;
  return {
    heart: { interval, lastBeatAt, lastAckAt },
    bucket: { capacity: bucket.capacity, available: bucket.available },
    queue: { size: queue.size, max: queue.max },
    stats: { connections, identifies, resumes, dispatches, replayed, bytesReceived, framesSent, malformed },
  };
}
