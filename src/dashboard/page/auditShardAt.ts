import type { AuditShard, AuditStep, ShardMessage, StateIndex, StepView } from '../messages.js';
import { KEPT_STEPS } from './detail.js';
import { lastUpTo, type Times } from './search.js';

/** A shard of a log at any time. A message has at most as many steps as the page shows. */
export class AuditShardAt {
  readonly #shard: AuditShard;

  constructor(shard: AuditShard) {
    this.#shard = shard;
  }

  /** The whole shard up to a time. */
  whole(at: number, state: StateIndex): ShardMessage {
    const end = this.#count(at);
    const steps = this.#shard.steps.slice(Math.max(0, end - KEPT_STEPS), end);
    return this.#message(at, state, steps, { isWhole: true, taken: [] });
  }

  /** Changes in a range of time; null where there are none. */
  changes(after: number, upTo: number, state: StateIndex): ShardMessage | null {
    const [first, end] = [this.#count(after), this.#count(upTo)];
    if (first === end) return null;
    const steps = this.#shard.steps.slice(Math.max(first, end - KEPT_STEPS), end);
    const taken = steps.flatMap((step) => step.taken.map((edge) => ({ chart: 'shard' as const, edge })));
    return this.#message(upTo, state, steps, { isWhole: false, taken });
  }

  /** Time of the next step; null where there is none. */
  nextAfter(at: number): number | null {
    return this.#shard.steps[this.#count(at)]?.at ?? null;
  }

  /** Time of the last step before a time in whole milliseconds; null where there is none. */
  lastBefore(at: number): number | null {
    return this.#shard.steps[this.#count(at - 1) - 1]?.at ?? null;
  }

  get #times(): Times {
    const { steps } = this.#shard;
    return { length: steps.length, at: (n) => steps[n]?.at ?? Infinity };
  }

  /** Number of steps up to a time. */
  #count(at: number): number {
    return lastUpTo(this.#times, at) + 1;
  }

  #message(
    at: number,
    state: StateIndex,
    steps: readonly AuditStep[],
    news: Pick<ShardMessage, 'isWhole' | 'taken'>,
  ): ShardMessage {
    const { id } = this.#shard;
    const last = steps.at(-1);
    return {
      at,
      key: String(id),
      id,
      state,
      active: { shard: last?.active ?? null, heartbeat: null, bucket: null },
      session: last?.session ?? null,
      live: null,
      ...news,
      steps: steps.map(viewOf),
    };
  }
}

const viewOf = ({ at, from, to, event, decision, session }: AuditStep): StepView => ({
  at,
  from,
  to,
  event,
  decision,
  session,
});
