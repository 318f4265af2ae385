import type { Session } from './protocol/session.js';
import { isSession } from './protocol/session.js';
import type { SessionStore } from './sessionStore.js';

/** Keeps a store in step with one shard's session: writes in order, and reports what the store cannot do. */
export class SessionKeeper {
  readonly #store: SessionStore | undefined;
  readonly #shardId: number;
  readonly #report: (message: string) => void;
  #saved: Session | null = null;
  #writes: Promise<void> = Promise.resolve();

  constructor(store: SessionStore | undefined, shardId: number, report: (message: string) => void) {
    this.#store = store;
    this.#shardId = shardId;
    this.#report = report;
  }

  /** The session the store has for this shard; null where it has none, or none that can be used. */
  async load(): Promise<Session | null> {
    if (this.#store === undefined) return null;
    try {
      const session: unknown = await this.#store.get(this.#shardId);
      if (session === null || session === undefined) return null;
      if (isSession(session)) return (this.#saved = session);
      this.#report('the session store has something that is no session for this shard; it starts with a new one');
    } catch (error) {
      this.#report(`the session store could not be read: ${String(error)}`);
    }
    return null;
  }

  save(session: Session | null): void {
    const store = this.#store;
    const saved = this.#saved;
    if (store === undefined || (session?.id === saved?.id && session?.sequence === saved?.sequence)) return;
    this.#saved = session;
    this.#writes = this.#writes
      .then(() => (session === null ? store.delete(this.#shardId) : store.set(this.#shardId, session)))
      .catch((error: unknown) => this.#report(`the session store could not be written: ${String(error)}`));
  }

  /** Resolves when everything saved so far is with the store. */
  flushed(): Promise<void> {
    return this.#writes;
  }
}
