import type { Lifecycle } from '../../../machines/lifecycle.js';
import type { ShownState } from '../messages.js';
import { shownAfter } from '../live/views.js';
import type { Entry } from './entries.js';

/** A shard of one process, from its first record to its last. */
export interface ShardLife {
  /** Counts from 1 over the whole log. */
  readonly id: number;
  /** Run with the latest record of this life. */
  run: number;
  /** State after its latest record. */
  state: ShownState;
}

/** The life of a record, and its effect on the shard. */
export interface Succeeded {
  readonly life: ShardLife;
  /** Life that stands for the shard after the record. */
  readonly inCharge: ShardLife;
  /** Lives that will have no more records. */
  readonly over: readonly ShardLife[];
}

/**
 * Decides which life stands for a shard id that has several, after a restart or while a manager reshards: the youngest
 * that is up. A life of a later run replaces all earlier ones.
 */
export class Succession {
  /** By run and number. */
  readonly #lives = new Map<string, ShardLife>();
  /** By shard id, oldest first. */
  readonly #candidates = new Map<number, readonly ShardLife[]>();
  #count = 0;

  /** Adds the next record. */
  take({ shardId, run, life: number, from, to, isBirth, decision }: Omit<Entry, 'at' | 'text'>): Succeeded {
    const key = `${run} ${number}`;
    const before = this.#candidates.get(shardId) ?? [];
    const life = this.#lives.get(key) ?? goesOn(before, from, isBirth) ?? this.#born(run, from);
    this.#lives.set(key, life);
    life.run = run;
    const candidates = before.includes(life) ? before : [...before.filter((other) => canReturn(other, run)), life];
    this.#candidates.set(shardId, candidates);
    life.state = shownAfter({ to, decision });
    const inCharge = candidates.findLast(isUp) ?? (candidates.at(-1) as ShardLife);
    return { life, inCharge, over: before.filter((other) => !candidates.includes(other)) };
  }

  #born(run: number, state: Lifecycle): ShardLife {
    this.#count += 1;
    return { id: this.#count, run, state };
  }
}

/** A rotated file begins a new run, in which its shards go on as they were. */
function goesOn(candidates: readonly ShardLife[], from: Lifecycle, isBirth: boolean | null): ShardLife | undefined {
  return isBirth === false ? candidates.findLast(({ state }) => lifecycleOf(state) === from) : undefined;
}

/** An old set returns where a reshard is given up. */
const canReturn = (life: ShardLife, run: number) => life.run === run && isUp(life);

const isUp = ({ state }: ShardLife) => lifecycleOf(state) !== 'Offline';

const lifecycleOf = (state: ShownState): Lifecycle => (state === 'fatal' ? 'Offline' : state);
