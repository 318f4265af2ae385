import type { AnyActorRef, InspectionEvent, StateValue } from 'xstate';
import type { TransitionRecord } from '../../shard/events.js';
import type { ChartName, LiveNumbers, ShardKey, ShardMessage, StepView } from '../messages.js';
import { edgesTaken, leafOf } from './charts.js';
import { sessionView, shownOf, stateIndex, stepView } from './views.js';
import type { WatchedShard } from './watched.js';

/** What may pile up between two messages; of more than this the latest are told. */
const MAX_PENDING = 200;

type Latency = LiveNumbers['heart']['latencies'][number];

/** Watches one shard closely, as long as somebody looks at it. */
export class Detail {
  readonly shard: WatchedShard;
  readonly #key: ShardKey;
  readonly #inspection: { unsubscribe(): void };
  readonly #failed: (error: unknown) => void;
  #taken: ShardMessage['taken'][number][] = [];
  #steps: StepView[] = [];
  #latencies: Latency[] = [];
  #told = '';

  constructor(shard: WatchedShard, key: ShardKey, failed: (error: unknown) => void) {
    this.shard = shard;
    this.#key = key;
    this.#failed = failed;
    this.#inspection = shard.actor.system.inspect((event) => this.#inspected(event));
    shard.on('transition', this.#moved);
    shard.on('heartbeat', this.#acknowledged);
  }

  /** All there is, for whoever begins to look. What came up to now is in it: the others must have been told before. */
  whole(at: number): ShardMessage {
    const now = stateOf(this.shard);
    this.#told = JSON.stringify(now);
    const { lastAckAt, latency } = this.shard.heart;
    const latencies: Latency[] = lastAckAt === null || latency === null ? [] : [[lastAckAt, latency]];
    return this.#message(at, now, { isWhole: true, taken: [], steps: this.shard.history.map(stepView) }, latencies);
  }

  /** What has changed since the last look; null where nothing has. */
  changes(at: number): ShardMessage | null {
    const [taken, steps, latencies] = [this.#taken, this.#steps, this.#latencies];
    [this.#taken, this.#steps, this.#latencies] = [[], [], []];
    const now = stateOf(this.shard);
    const told = JSON.stringify(now);
    if (told === this.#told && taken.length + steps.length + latencies.length === 0) return null;
    this.#told = told;
    return this.#message(at, now, { isWhole: false, taken, steps }, latencies);
  }

  /** Leaves the shard as it was before. */
  stop(): void {
    this.#inspection.unsubscribe();
    this.shard.off('transition', this.#moved);
    this.shard.off('heartbeat', this.#acknowledged);
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

  #inspected(event: InspectionEvent): void {
    // XState does not catch what an observer throws: it would end the chart.
    try {
      pile(this.#taken, edgesTaken(event));
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #moved = (record: TransitionRecord): void => {
    pile(this.#steps, [stepView(record)]);
  };

  readonly #acknowledged = ({ latency }: { readonly latency: number }): void => {
    pile(this.#latencies, [[Date.now(), latency]]);
  };
}

function pile<T>(pending: T[], news: readonly T[]): void {
  pending.push(...news);
  if (pending.length > MAX_PENDING) pending.splice(0, pending.length - MAX_PENDING);
}

/** How it is now, without what has come since. */
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

/** The heartbeat and the bucket begin anew with what they belong to: they are asked for each time. */
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
