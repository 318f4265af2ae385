import { otherIdentity } from '../protocol/identity.js';
import type { Session, SessionIdentity, StoredSession } from '../protocol/session.js';
import { isSession, plainSession } from '../protocol/session.js';
import type { SessionStore } from './sessionStore.js';
import { within } from '../util/within.js';
import { messageOf } from '../util/messageOf.js';

/** Keeps a store in step with one shard's session: writes in order, and reports what the store cannot do. */
export class SessionKeeper {
  readonly #store: SessionStore | undefined;
  readonly #shardId: number;
  readonly #identity: SessionIdentity;
  readonly #report: (message: string) => void;
  #saved: Session | null = null;
  #unwritten: { session: Session | null } | null = null;
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(store: SessionStore | undefined, identity: SessionIdentity, report: (message: string) => void) {
    this.#store = store;
    this.#identity = identity;
    [this.#shardId] = identity.shard;
    this.#report = report;
  }

  /**
   * The session the store has for this shard; null where it has none, or one that was identified otherwise. Once the signal
   * has aborted the answer is not adopted: the next `save` must not take it for what the shard knows.
   * @throws where the store fails, or has something that is not a session of this shard
   */
  async load(signal?: AbortSignal): Promise<Session | null> {
    if (this.#store?.setTotal !== undefined) await this.#setTotal();
    const session: unknown = await this.#store?.get(this.#shardId);
    if (session === null || session === undefined) return null;
    if (!isSession(session)) throw new Error('it has something that is not a session for this shard');
    const stored = plainSession(session);
    if (signal?.aborted !== true) this.#saved = stored;
    const other = otherIdentity(session, this.#identity);
    if (other === null) return stored;
    this.#report(`the stored session is not resumed: ${other}. The shard identifies.`);
    return null;
  }

  async #setTotal(): Promise<void> {
    try {
      await this.#store?.setTotal?.(this.#identity.shard[1]);
    } catch (error) {
      this.#report(`sessionStore.setTotal failed; sessions of another total may be left in it: ${messageOf(error)}`);
    }
  }

  save(session: Session | null): void {
    const saved = this.#saved;
    if (this.#store === undefined || (session?.id === saved?.id && session?.sequence === saved?.sequence)) return;
    this.#saved = session;
    this.#unwritten = { session };
    this.#writing ??= this.#write(this.#store);
  }

  /** Saves what the session is as often as the store's `sequenceInterval` says, until `stop`. */
  start(session: () => Session | null): void {
    const intervalMs = this.#store?.sequenceInterval;
    if (intervalMs === undefined || this.#timer !== null) return;
    this.#timer = setInterval(() => this.save(session()), Math.max(1, intervalMs)).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Resolves when everything saved so far is with the store, or after `limitMs`: a store that hangs must not hold up a shutdown. */
  async flushed(limitMs: number): Promise<void> {
    try {
      if (this.#writing !== null) await within(limitMs, this.#writing);
    } catch {
      this.#report(`the session store has not answered in ${limitMs} ms: it may have an older session`);
    }
  }

  #stored(session: Session): StoredSession {
    return { ...session, identifiedAs: this.#identity };
  }

  /** One write at a time; of several saves during a write only the newest is written. */
  async #write(store: SessionStore): Promise<void> {
    while (this.#unwritten !== null) {
      const { session } = this.#unwritten;
      this.#unwritten = null;
      try {
        await (session === null ? store.delete(this.#shardId) : store.set(this.#shardId, this.#stored(session)));
      } catch (error) {
        this.#report(`the session store could not be written: ${messageOf(error)}`);
      }
    }
    this.#writing = null;
  }
}
