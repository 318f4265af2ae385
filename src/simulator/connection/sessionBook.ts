import { randomBytes } from 'node:crypto';
import type { Identity } from './readIdentify.js';
import { Session } from './session.js';

export interface SessionBookOptions {
  readonly maxReplay: number;
  readonly sessionTimeout: number;
  readonly now: () => number;
}

/** Sessions that can still be resumed, by id and by shard. */
export class SessionBook {
  readonly #options: SessionBookOptions;
  readonly #byId = new Map<string, Session>();
  readonly #byShard = new Map<number, Set<Session>>();

  constructor(options: SessionBookOptions) {
    this.#options = options;
  }

  /** Creates a session, and forgets those of the same shard that no connection holds. */
  create(identity: Identity): Session {
    for (const old of this.ofShard(identity.shardId)) {
      if (old.holder === null && old.total === identity.total) this.forget(old);
    }
    const session = new Session(randomBytes(16).toString('hex'), identity, this.#options.maxReplay);
    this.#byId.set(session.id, session);
    const siblings = this.#byShard.get(session.shardId);
    if (siblings === undefined) this.#byShard.set(session.shardId, new Set([session]));
    else siblings.add(session);
    return session;
  }

  get(id: string): Session | null {
    const session = this.#byId.get(id);
    return session === undefined || this.#hasExpired(session) ? null : session;
  }

  forget(session: Session): void {
    this.#byId.delete(session.id);
    this.#byShard.get(session.shardId)?.delete(session);
  }

  ofShard(shardId: number): Session[] {
    return [...(this.#byShard.get(shardId) ?? [])].filter((session) => !this.#hasExpired(session));
  }

  all(): Session[] {
    return [...this.#byId.values()].filter((session) => !this.#hasExpired(session));
  }

  /** Expiry is checked on access instead of by a timer. An expired session is forgotten. */
  #hasExpired(session: Session): boolean {
    if (!session.hasExpired(this.#options.now(), this.#options.sessionTimeout)) return false;
    this.forget(session);
    return true;
  }
}
