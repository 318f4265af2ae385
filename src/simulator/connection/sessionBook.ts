import { randomBytes } from 'node:crypto';
import { Session } from './session.js';

export interface SessionBookSettings {
  readonly maxReplay: number;
  readonly sessionTimeout: number;
  readonly now: () => number;
}

/** Every session that can still be resumed, by id and by shard. */
export class SessionBook {
  readonly #settings: SessionBookSettings;
  readonly #byId = new Map<string, Session>();
  readonly #byShard = new Map<number, Set<Session>>();

  constructor(settings: SessionBookSettings) {
    this.#settings = settings;
  }

  /** A new session. Those the same shard has left behind are forgotten: it has moved on. */
  create(identity: ConstructorParameters<typeof Session>[1]): Session {
    for (const old of this.ofShard(identity.shardId)) {
      if (old.holder === null && old.total === identity.total) this.forget(old);
    }
    const session = new Session(randomBytes(16).toString('hex'), identity, this.#settings.maxReplay);
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

  /** The sessions of a shard. */
  ofShard(shardId: number): Session[] {
    return [...(this.#byShard.get(shardId) ?? [])].filter((session) => !this.#hasExpired(session));
  }

  all(): Session[] {
    return [...this.#byId.values()].filter((session) => !this.#hasExpired(session));
  }

  /** Looked at when somebody asks rather than by a timer; a session that has run out is forgotten then. */
  #hasExpired(session: Session): boolean {
    if (!session.hasExpired(this.#settings.now(), this.#settings.sessionTimeout)) return false;
    this.forget(session);
    return true;
  }
}
