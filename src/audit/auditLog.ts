import type { TransitionRecord } from '../shard/events.js';
import type { Sink } from './sink.js';
import { WriteTally } from './writeTally.js';
import { messageOf } from '../util/messageOf.js';
import { AuditError } from './errors.js';
import { AuditFile } from './auditFile.js';
import { Lines } from './encode.js';
import { endsLife, Lives } from './lives.js';
import { checkAuditOptions, checkSource, type AuditLogOptions } from './options.js';
import { Ring } from '../util/ring.js';
import { within } from '../util/within.js';
import { AuditStream } from './auditStream.js';

/** What an audit log can be attached to: a shard, or anything else that tells of transitions. */
export interface AuditSource {
  on(name: 'transition', listener: (record: TransitionRecord, shardId?: number) => void): unknown;
  off(name: 'transition', listener: (record: TransitionRecord, shardId?: number) => void): unknown;
  /** What it has told already, oldest first. */
  readonly history?: readonly TransitionRecord[];
}

/** Shards that come and go, such as a manager's. */
export interface AuditGroup {
  readonly shards: ReadonlyMap<number, AuditSource>;
  /** Those that are not in service. */
  readonly otherShards?: readonly AuditSource[];
  /** Tells a shard that was made and has done nothing yet. */
  on(name: 'shard', listener: (shard: AuditSource) => void): unknown;
  off(name: 'shard', listener: (shard: AuditSource) => void): unknown;
}

/** Keeps the transition records of shards, one JSON line each. Made by {@link createAuditLog}. */
export interface AuditLog extends AsyncDisposable {
  /**
   * Logs what this shard, or each shard of this manager, does from now on, and first what its `history` still remembers. A record is written once into a
   * file, however often its shard is attached or the log opened again by this process. Returns a function that detaches
   * it; a shard that is shut down or refused for good is detached by itself.
   * @throws ShardError `INVALID_OPTION`; AuditError `CLOSED`
   */
  attach(source: AuditSource | AuditGroup): () => void;
  /** Detaches everything and writes what waits. Resolves when it is with the system, or after 5 s; never rejects. */
  close(): Promise<void>;
  /** Records that are with the system (or, with `capacity`, have been kept). */
  readonly written: number;
  /** Records that were lost: more waited than may, or they could not be written. `onError` was told. */
  readonly dropped: number;
  /** With `capacity`: the last so many records, oldest first. Otherwise empty. */
  readonly records: readonly TransitionRecord[];
}

/** What may wait to be written. A disk that stalls for longer costs records, never the process its memory. */
const MAX_WAITING_BYTES = 16 * 1_024 * 1_024;

/** How long `close` waits for a disk or a stream that does not go on. */
const CLOSE_LIMIT_MS = 5_000;

/** The files a record is in: `history` is no news to a log that is opened again. */
const filesOf = new WeakMap<TransitionRecord, Set<string>>();

class Log implements AuditLog {
  readonly #tally: WriteTally;
  readonly #lines: Lines;
  readonly #lives = new Lives();
  readonly #sink: Sink | null;
  readonly #realPath: string | null = null;
  readonly #ring: Ring<TransitionRecord>;
  readonly #detach = new Map<AuditSource | AuditGroup, () => void>();
  readonly #known = new WeakSet<TransitionRecord>();
  #closed: Promise<void> | null = null;

  constructor(options: AuditLogOptions) {
    checkAuditOptions(options);
    this.#tally = new WriteTally(options);
    this.#ring = new Ring('capacity' in options ? options.capacity : 0);
    if ('file' in options) {
      const file = new AuditFile(options.file, options.rotate, this.#tally);
      this.#sink = file;
      this.#realPath = file.realPath;
    } else this.#sink = 'stream' in options ? new AuditStream(options.stream, this.#tally) : null;
    this.#lines = new Lines(this.#sink?.after);
  }

  get written(): number {
    return this.#tally.written;
  }

  get dropped(): number {
    return this.#tally.dropped;
  }

  get records(): readonly TransitionRecord[] {
    return this.#ring.toArray();
  }

  attach(source: AuditSource | AuditGroup): () => void {
    if (this.#closed !== null) {
      throw new AuditError('CLOSED', 'The audit log has been closed. Create a new one; it appends to the same file.');
    }
    checkSource(source);
    return this.#detach.get(source) ?? (isGroup(source) ? this.#attachGroup(source) : this.#attachOne(source));
  }

  #attachGroup(group: AuditGroup): () => void {
    const members = new Set<AuditSource>();
    const add = (shard: AuditSource) => {
      for (const member of members) if (!this.#detach.has(member)) members.delete(member);
      members.add(shard);
      this.#attachOne(shard);
    };
    const detach = () => {
      this.#detach.delete(group);
      group.off('shard', add);
      for (const member of members) this.#detach.get(member)?.();
    };
    this.#detach.set(group, detach);
    group.on('shard', add);
    for (const shard of [...group.shards.values(), ...(group.otherShards ?? [])]) add(shard);
    return detach;
  }

  #attachOne(source: AuditSource): () => void {
    const attached = this.#detach.get(source);
    if (attached !== undefined) return attached;
    const listener = (record: TransitionRecord, shardId?: number) => {
      this.#add(record, source);
      if (shardId === undefined && isLastOf(source, record)) detach();
    };
    const detach = () => {
      if (this.#detach.get(source) !== detach) return;
      this.#detach.delete(source);
      this.#lives.forget(source);
      source.off('transition', listener);
    };
    this.#detach.set(source, detach);
    source.on('transition', listener);
    for (const record of source.history ?? []) listener(record);
    return detach;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const detach of this.#detach.values()) detach();
    try {
      if (this.#sink !== null) await within(CLOSE_LIMIT_MS, this.#sink.close(), 'end of what waits to be written');
    } catch (cause) {
      const message =
        'The audit log was closed, but what waits is not with the system yet: it is tried again when the process exits.';
      this.#tally.report(new AuditError('CANNOT_WRITE', message, { cause }));
    }
  }

  #add(record: TransitionRecord, source: AuditSource): void {
    if (this.#known.has(record) || this.#isInFile(record)) return;
    this.#known.add(record);
    if (this.#sink === null) {
      this.#ring.push(record);
      this.#tally.written += 1;
      return;
    }
    try {
      this.#write(record, source, this.#sink);
    } catch (cause) {
      // What a user sends the chart by way of `shard.actor` need not be what JSON can write.
      this.#drop(`A transition cannot be written and is missing in the audit log (${messageOf(cause)}).`, cause);
    }
  }

  /** Whether this process has written it there before. If not, it is about to. */
  #isInFile(record: TransitionRecord): boolean {
    if (this.#realPath === null) return false;
    const files = filesOf.get(record) ?? new Set();
    if (files.has(this.#realPath)) return true;
    filesOf.set(record, files.add(this.#realPath));
    return false;
  }

  #write(record: TransitionRecord, source: AuditSource, sink: Sink): void {
    let life = this.#lives.of(source, record);
    let line = this.#lines.next(record, life);
    if (sink.isFull(Buffer.byteLength(line))) {
      sink.rotate();
      this.#lines.restart();
      this.#lives.restart();
      life = this.#lives.of(source, record);
      line = this.#lines.next(record, life);
    }
    // Once records are lost, more than a moment's are: one long gap says more than many short ones.
    const limit = this.#tally.isDropping ? MAX_WAITING_BYTES / 2 : MAX_WAITING_BYTES;
    if (sink.waitingBytes + line.length > limit) {
      return this.#drop('The audit log takes no more records for now: those that come are lost.');
    }
    sink.write(line);
    this.#lines.taken(life);
    this.#tally.isDropping = false;
  }

  /** The gap shows in the log, and every shard begins anew behind it. */
  #drop(message: string, cause?: unknown): void {
    this.#tally.drop(message, cause);
    this.#lives.interrupt();
  }
}

const isGroup = (source: AuditSource | AuditGroup): source is AuditGroup =>
  (source as Partial<AuditGroup>).shards instanceof Map;

/** Whether this was the last of a shard. Of a source without a history it is not known that it is one shard only. */
function isLastOf(source: AuditSource, record: TransitionRecord): boolean {
  try {
    return record.to === 'Offline' && source.history?.at(-1) === record && endsLife(record);
  } catch {
    return false;
  }
}

/**
 * Creates an audit log: a file (JSON lines, appended in order), a stream, or a ring in memory. Attach shards to it, and
 * close it after them. Writing never blocks the event loop; what still waits when the process exits is written then, so
 * that nothing but a kill loses records, and a kill at most the last of them.
 * @throws ShardError `INVALID_OPTION`, also for a file that another open log of this process writes; AuditError `CANNOT_OPEN`
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  return new Log(options);
}
