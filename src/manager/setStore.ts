import type { Awaitable } from '../util/awaitable.js';
import type { Session } from '../protocol/session.js';
import type { SessionStore } from '../sessions/sessionStore.js';

/**
 * The user's session store for one set of shards. While a bot is resharded two sets have shards of the same ids, and only
 * the set in service writes to the store.
 */
export class SetStore implements SessionStore {
  readonly sequenceInterval?: number;
  readonly #store: SessionStore;
  /** Sessions that the manager has read already. Each is returned once, and no more after a newer one was set. */
  readonly #known: Map<number, Session | null>;
  #isOpen: boolean;

  constructor(store: SessionStore, known: ReadonlyMap<number, Session | null>, isOpen: boolean) {
    this.#store = store;
    this.#known = new Map(known);
    this.#isOpen = isOpen;
    if (store.sequenceInterval !== undefined) this.sequenceInterval = store.sequenceInterval;
  }

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
  }

  get(shardId: number): Awaitable<Session | null | undefined> {
    const known = this.#known.get(shardId);
    if (known !== undefined) {
      this.#known.delete(shardId);
      return known;
    }
    return this.#isOpen ? this.#store.get(shardId) : null;
  }

  set(shardId: number, session: Session): Awaitable<void> {
    this.#known.delete(shardId);
    return this.#isOpen ? this.#store.set(shardId, session) : undefined;
  }

  delete(shardId: number): Awaitable<void> {
    this.#known.delete(shardId);
    return this.#isOpen ? this.#store.delete(shardId) : undefined;
  }
}
