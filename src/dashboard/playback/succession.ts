import type { Lifecycle } from '../../../machines/lifecycle.js';
import type { ShownState } from '../messages.js';
import { shownAfter } from '../live/views.js';
import type { Entry } from './entries.js';

/** A shard of one process, from its first record to its last. */
export interface Life {
  /** Numbered from 1 over the whole log. */
  readonly id: number;
  /** The run it was last heard of in. */
  run: number;
  /** Where it is now. */
  state: ShownState;
}

/** Whose a record is, and what that makes of its shard. */
export interface Succeeded {
  readonly life: Life;
  /** Which life the shard is, after the record. */
  readonly inCharge: Life;
  /** Lives of the shard nothing more is expected of. */
  readonly over: readonly Life[];
}

/**
 * Settles which life is the shard of an id where there were several: after a restart of its process, or while a manager
 * reshards. The youngest that is up; a life of a later run takes over from all of those before.
 */
export class Succession {
  /** By run and number. */
  readonly #lives = new Map<string, Life>();
  /** By shard, oldest first. */
  readonly #candidates = new Map<number, readonly Life[]>();
  #count = 0;

  /** Takes the next record. */
  take({ shardId, run, life: number, from, to, isBirth, decision }: Omit<Entry, 'at' | 'text'>): Succeeded {
    const key = `${run} ${number}`;
    const before = this.#candidates.get(shardId) ?? [];
    const life = this.#lives.get(key) ?? goesOn(before, from, isBirth) ?? this.#born(run, from);
    this.#lives.set(key, life);
    life.run = run;
    const candidates = before.includes(life) ? before : [...before.filter((other) => canReturn(other, run)), life];
    this.#candidates.set(shardId, candidates);
    life.state = shownAfter({ to, decision });
    const inCharge = candidates.findLast(isUp) ?? (candidates.at(-1) as Life);
    return { life, inCharge, over: before.filter((other) => !candidates.includes(other)) };
  }

  #born(run: number, state: Lifecycle): Life {
    this.#count += 1;
    return { id: this.#count, run, state };
  }
}

/** A run begins with every file of a rotated log, and the shards go on where they were. */
function goesOn(candidates: readonly Life[], from: Lifecycle, isBirth: boolean | null): Life | undefined {
  return isBirth === false ? candidates.findLast(({ state }) => lifecycleOf(state) === from) : undefined;
}

/** As the old set does where a reshard is given up. */
const canReturn = (life: Life, run: number) => life.run === run && isUp(life);

const isUp = ({ state }: Life) => lifecycleOf(state) !== 'Offline';

const lifecycleOf = (state: ShownState): Lifecycle => (state === 'fatal' ? 'Offline' : state);
