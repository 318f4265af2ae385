import type { Session } from '../protocol/session.js';
import { isSession, plainSession } from '../protocol/session.js';
import type { SessionStore } from './sessionStore.js';
import { within } from '../util/within.js';

/** How long the store may take to tell a session: without an answer the shard begins anew. */
const LOAD_LIMIT_MS = 10_000;

/** Keeps a store in step with one shard's session: writes in order, and reports what the store cannot do. */
export class SessionKeeper {
  readonly #store: SessionStore | undefined;
  readonly #shardId: number;
  readonly #report: (message: string) => void;
  #saved: Session | null = null;
  #unwritten: { session: Session | null } | null = null;
  #writing: Promise<void> | null = null;
  #telling: NodeJS.Timeout | null = null;

  constructor(store: SessionStore | undefined, shardId: number, report: (message: string) => void) {
    this.#store = store;
    this.#shardId = shardId;
    this.#report = report;
  }

  get hasStore(): boolean {
    return this.#store !== undefined;
  }

  /** The session the store has for this shard; null where it has none, or none that can be used. */
  async load(): Promise<Session | null> {
    if (this.#store === undefined) return null;
    try {
      const session: unknown = await within(LOAD_LIMIT_MS, this.#store.get(this.#shardId));
      if (session === null || session === undefined) return null;
      if (isSession(session)) return (this.#saved = plainSession(session));
      this.#report('the session store has something that is no session for this shard; it starts with a new one');
    } catch (error) {
      this.#report(`the session store could not be read: ${String(error)}`);
    }
    return null;
  }

  save(session: Session | null): void {
    const saved = this.#saved;
    if (this.#store === undefined || (session?.id === saved?.id && session?.sequence === saved?.sequence)) return;
    this.#saved = session;
    this.#unwritten = { session };
    this.#writing ??= this.#write(this.#store);
  }

  /** Saves what the session is as often as the store wants to hear of it, until `rest`. */
  follow(session: () => Session | null): void {
    const intervalMs = this.#store?.sequenceInterval;
    if (intervalMs === undefined || this.#telling !== null) return;
    this.#telling = setInterval(() => this.save(session()), Math.max(1, intervalMs)).unref();
  }

  rest(): void {
    if (this.#telling !== null) clearInterval(this.#telling);
    this.#telling = null;
  }

  /** Resolves when everything saved so far is with the store, or when that takes too long: a store must hold up nobody. */
  async flushed(limitMs: number): Promise<void> {
    try {
      if (this.#writing !== null) await within(limitMs, this.#writing);
    } catch {
      this.#report(`the session store has not answered in ${limitMs} ms: it may have an older session`);
    }
  }

  /** One write at a time; of what was saved meanwhile only the newest. */
  async #write(store: SessionStore): Promise<void> {
    while (this.#unwritten !== null) {
      const { session } = this.#unwritten;
      this.#unwritten = null;
      try {
        await (session === null ? store.delete(this.#shardId) : store.set(this.#shardId, session));
      } catch (error) {
        this.#report(`the session store could not be written: ${String(error)}`);
      }
    }
    this.#writing = null;
  }
}
