import type { LiveNumbers, ShardMessage, StateIndex, StepView } from '../messages.js';

export interface BucketSample {
  readonly at: number;
  readonly available: number;
  readonly waiting: number;
}

type TakenEdge = ShardMessage['taken'][number];

/** Number of steps that the page shows. */
export const KEPT_STEPS = 200;
const KEPT_TAKEN = 200;

/** Range of the plots. */
export const PLOTTED_MS = 5 * 60_000;

/** The selected shard, put together from its messages. */
export class Detail {
  readonly id: number;
  at: number;
  state: StateIndex;
  active: ShardMessage['active'];
  session: ShardMessage['session'];
  live: LiveNumbers | null;
  /** Oldest first. */
  steps: StepView[] = [];
  /** Number of all steps so far. A view that has drawn n of them draws the rest. */
  stepCount = 0;
  latencies: (readonly [at: number, latency: number])[] = [];
  bucket: BucketSample[] = [];
  #taken: TakenEdge[] = [];

  constructor(message: ShardMessage) {
    this.id = message.id;
    this.at = message.at;
    this.state = message.state;
    this.active = message.active;
    this.session = message.session;
    this.live = message.live;
    this.add(message);
  }

  add({ at, state, active, taken, steps, session, live }: ShardMessage): void {
    Object.assign(this, { at, state, active, session, live });
    this.steps = [...this.steps, ...steps].slice(-KEPT_STEPS);
    this.stepCount += steps.length;
    this.#taken = [...this.#taken, ...taken].slice(-KEPT_TAKEN);
    if (live === null) return;
    const since = at - PLOTTED_MS;
    this.latencies = [...this.latencies, ...live.heart.latencies].filter(([at]) => at >= since);
    this.#sample({ at, available: live.bucket.available, waiting: live.queue.size }, since);
  }

  /** Returns the edges taken since the last call. */
  takeEdges(): readonly TakenEdge[] {
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }

  /** Adds a sample where a value changed. The last sample before the plot's range is kept: it gives the first value. */
  #sample(sample: BucketSample, since: number): void {
    const last = this.bucket.at(-1);
    if (last === undefined || last.available !== sample.available || last.waiting !== sample.waiting) {
      this.bucket.push(sample);
    }
    while ((this.bucket[1]?.at ?? Infinity) < since) this.bucket.shift();
  }
}
