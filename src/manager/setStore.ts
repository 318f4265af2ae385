import type { Awaitable } from '../util/awaitable.js';
import type { Session } from '../protocol/session.js';
import type { SessionStore } from '../sessions/sessionStore.js';

/**
 * The user's store, as one set of shards sees it. While a bot is resharded two sets have shards of the same ids, and only
 * the set in service may write: the other one keeps its sessions to itself.
 */
export class SetStore implements SessionStore {
  readonly sequenceInterval?: number;
  readonly #store: SessionStore;
  /** What the manager has read already: each is handed on once, and not once the shard has said something newer. */
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
