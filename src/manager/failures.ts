import type { ShardRef } from '../../machines/manager.types.js';
import { ShardError } from '../util/errors.js';

/** Why one shard went down: a word of its last step, or what it was refused with. */
interface Failure {
  readonly id: number;
  why: string;
  error: ShardError | null;
}

const keyOf = ({ set, id }: ShardRef) => `${set}/${id}`;

/**
 * Why shards went down, by set and id. Words, not errors: an error keeps alive what it was made in. Only one that was
 * refused for good has its error anyway.
 */
export class Failures {
  readonly #failures = new Map<string, Failure>();

  note(ref: ShardRef, why: string, error: ShardError | null = null): void {
    const known = this.#failures.get(keyOf(ref));
    // What follows a step tells more of the same failure: whoever asked meanwhile is told that too.
    if (known !== undefined) Object.assign(known, { why, error: error ?? known.error });
    else this.#failures.set(keyOf(ref), { id: ref.id, why, error });
  }

  /** Another shard takes its place. Whoever has asked why the one before went down is told so still. */
  forget(ref: ShardRef): void {
    this.#failures.delete(keyOf(ref));
  }

  /** Nobody will ask for shards of other sets. */
  keepOnly(sets: ReadonlyMap<number, unknown>): void {
    for (const key of this.#failures.keys()) if (!sets.has(Number.parseInt(key, 10))) this.#failures.delete(key);
  }

  /** A function that tells the error, with what is known of it then. */
  of(ref: ShardRef): () => ShardError {
    const failure = this.#failures.get(keyOf(ref)) ?? { id: ref.id, why: 'for a reason it has not told', error: null };
    return () =>
      failure.error ??
      new ShardError('CLOSED', `Shard ${failure.id} went down: ${failure.why}.`, { value: failure.id });
  }
}
