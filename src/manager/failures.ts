import type { ShardRef } from '../../machines/manager.types.js';
import { ShardError } from '../util/errors.js';

/** Why one shard went down: the reason of its last step, or the error it was refused with. */
interface Failure {
  readonly id: number;
  why: string;
  error: ShardError | null;
}

const keyOf = ({ set, id }: ShardRef) => `${set}/${id}`;

/**
 * Why shards went down, by set and id. The reason is kept as text, because an error keeps its whole call stack alive; only a
 * shard that was refused for good already has an error.
 */
export class Failures {
  readonly #failures = new Map<string, Failure>();

  add(ref: ShardRef, why: string, error: ShardError | null = null): void {
    const known = this.#failures.get(keyOf(ref));
    // `fatal` follows the step it belongs to with more detail. A caller that already has this failure gets the detail too.
    if (known !== undefined) Object.assign(known, { why, error: error ?? known.error });
    else this.#failures.set(keyOf(ref), { id: ref.id, why, error });
  }

  /** Another shard takes this place. A function that `of` returned before still returns the old failure. */
  forget(ref: ShardRef): void {
    this.#failures.delete(keyOf(ref));
  }

  /** Forgets the shards of all other sets. */
  keepOnly(sets: ReadonlyMap<number, unknown>): void {
    for (const key of this.#failures.keys()) if (!sets.has(Number.parseInt(key, 10))) this.#failures.delete(key);
  }

  /** A function that returns the error, with everything known by the time it is called. */
  of(ref: ShardRef): () => ShardError {
    const failure = this.#failures.get(keyOf(ref)) ?? { id: ref.id, why: 'for an unknown reason', error: null };
    return () =>
      failure.error ??
      new ShardError('CLOSED', `Shard ${failure.id} went down: ${failure.why}.`, { value: failure.id });
  }
}
