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

/** A shard, or any other object that emits `transition`. */
export interface AuditSource {
  on(name: 'transition', listener: (record: TransitionRecord, shardId?: number) => void): unknown;
  off(name: 'transition', listener: (record: TransitionRecord, shardId?: number) => void): unknown;
  /** Records that were emitted already, oldest first. */
  readonly history?: readonly TransitionRecord[];
}

/** Shards that come and go, such as a manager's. */
export interface AuditGroup {
  readonly shards: ReadonlyMap<number, AuditSource>;
  /** Shards that are not in service. */
  readonly otherShards?: readonly AuditSource[];
  /** Emits a shard that was just created. */
  on(name: 'shard', listener: (shard: AuditSource) => void): unknown;
  off(name: 'shard', listener: (shard: AuditSource) => void): unknown;
}

/** Keeps the transition records of shards, one JSON line each. Made by {@link createAuditLog}. */
export interface AuditLog extends AsyncDisposable {
  /**
   * Logs the records of this shard, or of each shard of this manager: first those in its `history`, then each new one. A
   * process writes a record only once into a file, however often the shard is attached or the log opened again. Returns a
   * function that detaches; a shard that is shut down or refused for good is detached automatically.
   * @throws ShardError `INVALID_OPTION`; AuditError `CLOSED`
   */
  attach(source: AuditSource | AuditGroup): () => void;
  /** Detaches everything and writes what waits. Resolves when it is with the system, or after 5 s; never rejects. */
  close(): Promise<void>;
  /** Number of records that the operating system has (with `capacity`: that were kept). */
  readonly written: number;
  /** Number of records that were lost: too many waited, or they could not be written. `onError` received the first. */
  readonly dropped: number;
  /** With `capacity`, the last records, oldest first. Otherwise empty. */
  readonly records: readonly TransitionRecord[];
}

/** Bytes that may wait to be written. A disk that stalls for longer costs records, not the process's memory. */
const MAX_WAITING_BYTES = 16 * 1_024 * 1_024;

/** Longest wait of `close` for a disk or a stream that does not answer. */
const CLOSE_LIMIT_MS = 5_000;

/** Files that have a record: a log that is opened again does not write a shard's `history` twice. */
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
      if (this.#sink !== null) await within(CLOSE_LIMIT_MS, this.#sink.close(), 'confirmation of the last write');
    } catch (cause) {
      const message =
        'The audit log was closed, but its last records are not written yet: they are tried again when the process exits.';
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
      // A user may send an event that JSON cannot write to `shard.actor`.
      this.#drop(`A transition cannot be written and is missing in the audit log (${messageOf(cause)}).`, cause);
    }
  }

  /** True where this process has written the record into the file before. Otherwise it is noted as written. */
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
    // After a loss, records are taken again only once half of the buffer is free: one long gap instead of many short ones.
    const limit = this.#tally.isDropping ? MAX_WAITING_BYTES / 2 : MAX_WAITING_BYTES;
    if (sink.waitingBytes + line.length > limit) {
      return this.#drop('The audit log cannot keep up, and records are lost until half of what waits is written.');
    }
    sink.write(line);
    this.#lines.taken(life);
    this.#tally.isDropping = false;
  }

  /** Drops a record. The gap shows in the log, and each shard's next record starts a life with its `start`. */
  #drop(message: string, cause?: unknown): void {
    this.#tally.drop(message, cause);
    this.#lives.interrupt();
  }
}

const isGroup = (source: AuditSource | AuditGroup): source is AuditGroup =>
  (source as Partial<AuditGroup>).shards instanceof Map;

/** True for the last record of a shard. A source without a history may be more than one shard. */
function isLastOf(source: AuditSource, record: TransitionRecord): boolean {
  try {
    return record.to === 'Offline' && source.history?.at(-1) === record && endsLife(record);
  } catch {
    return false;
  }
}

/**
 * Creates an audit log: a file (JSON lines, appended in order), a stream, or a ring in memory. Attach shards to it, and
 * close it after them. Writing never blocks the event loop. What still waits when the process exits is written then: only
 * a kill loses records, and only the last of them.
 * @throws ShardError `INVALID_OPTION`, also for a file that another open log of this process writes; AuditError `CANNOT_OPEN`
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  return new Log(options);
}
