import { isSession, type Session, type StoredSession } from '../../protocol/session.js';
import type { SessionStore } from '../../sessions/sessionStore.js';
import type { FleetKeys } from '../keys.js';
import { markOfSession } from '../markOfSession.js';
import { script, type Scripts } from '../redis/script.js';
import type { ShardKey } from '../shardKey.js';

export interface FleetSessionStoreDeps {
  readonly scripts: Pick<Scripts, 'run'>;
  readonly keys: FleetKeys;
  readonly key: ShardKey;
  /** `WORKER/INSTANCE` */
  readonly owner: string;
  /** Epoch of the ownership, as the lease last confirmed it. */
  readonly epoch: () => number;
  /** Milliseconds between two saves of the sequence while dispatches come. Default 1 000. */
  readonly sequenceInterval?: number;
}

/*
 * KEYS: owners, sessions, positions. ARGV: ShardKey, `OWNER EPOCH`, text.
 */

/** Answers the session's JSON and the shard's position. */
const getScript = script(`
return { redis.call('HGET', KEYS[2], ARGV[1]) or '', redis.call('HGET', KEYS[3], ARGV[1]) or '' }
`);

/** Guarantees: only the shard's owner writes. Of two writes the later one stands; run twice it changes nothing more. */
const setScript = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
`);

/** Guarantees: only the shard's owner deletes. The position stays: its generation is never used again. */
const deleteScript = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`);

/**
 * The session of one shard that this worker owns. A shard that lost its owner writes nothing: the next owner's session stays.
 * Where events are published the session resumes after the last one that was published, not after the last one that came.
 */
export class FleetSessionStore implements SessionStore {
  readonly sequenceInterval: number;
  readonly #deps: FleetSessionStoreDeps;
  #begun: { readonly id: string; readonly at: number } | null = null;

  constructor(deps: FleetSessionStoreDeps) {
    this.#deps = deps;
    this.sequenceInterval = deps.sequenceInterval ?? 1_000;
  }

  /** When the session began, in milliseconds since the epoch; null where that is not known. */
  get begunAt(): number | null {
    return this.#begun?.at ?? null;
  }

  async get(): Promise<Session | null> {
    const [row, position] = ((await this.#run(getScript)) as unknown[]).map(String);
    const session: unknown = row === undefined || row === '' ? null : JSON.parse(row);
    if (!isSession(session)) return null;
    const { begunAt, ...stored } = session as StoredSession & { readonly begunAt?: unknown };
    this.#begun = typeof begunAt === 'number' ? { id: session.id, at: begunAt } : null;
    const [, sequence, mark] = (position ?? '').split(' ');
    return mark === markOfSession(session.id) ? { ...stored, sequence: Number(sequence) } : stored;
  }

  async set(_shardId: number, { id, sequence, resumeUrl, identifiedAs }: StoredSession): Promise<void> {
    if (this.#begun?.id !== id) this.#begun = { id, at: Date.now() };
    const begunAt = this.#begun.at;
    await this.#run(setScript, JSON.stringify({ id, sequence, resumeUrl, identifiedAs, begunAt }));
  }

  async delete(_shardId: number): Promise<void> {
    await this.#run(deleteScript);
  }

  #run(script: Parameters<Scripts['run']>[0], ...text: readonly string[]): Promise<unknown> {
    const { scripts, keys, key, owner, epoch } = this.#deps;
    const args = [key, `${owner} ${epoch()}`, ...text];
    return scripts.run(script, [keys.owners, keys.sessions, keys.positions], args);
  }
}
