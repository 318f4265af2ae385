import { resolve } from 'node:path';
import { isIdentifyRecord, type IdentifyRecord } from '../protocol/identifyRecord.js';
import { isSession, type Session, type StoredSession } from '../protocol/session.js';
import { BackgroundWriter } from '../util/backgroundWriter.js';
import { reportTo } from '../util/logger.js';
import { messageOf } from '../util/messageOf.js';
import { refuse, whole } from '../util/options.js';
import { within } from '../util/within.js';
import { AtomicFile } from './atomicFile.js';
import { SessionStoreError, type SessionStoreErrorCode } from './errors.js';
import { flushAtSignal, forgetAtSignal } from './exitSignals.js';
import { formatSessions, parseSessions } from './fileFormat.js';
import { checkFileStoreOptions, DEFAULT_DEBOUNCE_MS, type FileSessionStoreOptions } from './fileStoreOptions.js';
import { linkTarget } from './linkTarget.js';
import type { SessionStore } from './sessionStore.js';
import { handled } from '../util/handled.js';

/** The sessions of a bot's shards in one file. Made by {@link createFileSessionStore}. */
export interface FileSessionStore extends SessionStore, AsyncDisposable {
  get(shardId: number): Promise<Session | null>;
  /**
   * Stores a session. Resolves at once for a new sequence; for a new session once it is written, or once that has failed,
   * which `onError` receives.
   * @throws ShardError `INVALID_OPTION`; SessionStoreError `CLOSED`
   */
  set(shardId: number, session: Session): Promise<void>;
  /** @throws SessionStoreError `CLOSED` */
  delete(shardId: number): Promise<void>;
  /**
   * Says how many shards the bot has: a file of another total is kept under another name, and sessions of another total
   * are forgotten.
   * @throws ShardError `INVALID_OPTION`; SessionStoreError `CLOSED`
   */
  setTotal(total: number): Promise<void>;
  /** Returns the bot's identifies of the last 24 hours, whatever the file's total. */
  getIdentifies(): Promise<IdentifyRecord | null>;
  /**
   * Stores the bot's identifies. Resolves once they are written, or once that has failed, which `onError` receives.
   * @throws ShardError `INVALID_OPTION`; SessionStoreError `CLOSED`
   */
  setIdentifies(record: IdentifyRecord): Promise<void>;
  /** Writes what waits. Resolves when it is with the system, or after 5 s; never rejects. Close it after the shards. */
  close(): Promise<void>;
}

/** Shards save their sequences no more often than this, however short the debounce. */
const MIN_INTERVAL_MS = 100;

/** Pause before the first retry of a failed write. */
const RETRY_MS = 1_000;

/** Longest wait of `close` for a disk that does not answer. */
const CLOSE_LIMIT_MS = 5_000;

/** Files of this process's stores: two stores of one file would overwrite each other's sessions. */
const inUse = new Set<string>();

class FileStore implements FileSessionStore {
  readonly sequenceInterval: number;
  readonly #path: string;
  /** File that the path leads to through symbolic links. */
  readonly #target: string;
  readonly #debounceMs: number;
  #total: number | null;
  /** True where the total came from the user, not from the file. */
  #isTotalGiven: boolean;
  readonly #notify: (error: SessionStoreError) => void;
  readonly #file: AtomicFile;
  readonly #writer: BackgroundWriter;
  /** Sessions by shard id; null for a deleted one, whatever the file says. */
  readonly #sessions = new Map<number, Session | null>();
  #identifies: IdentifyRecord | null = null;
  #loading: Promise<void> | null = null;
  #isLoaded = false;
  /** Numbers of changes: the last one, the last that must be written now, the last that is written. */
  #changed = 0;
  #urgent = 0;
  #written = 0;
  #debounce: NodeJS.Timeout | null = null;
  #closed: Promise<void> | null = null;

  constructor(path: string, options: FileSessionStoreOptions) {
    checkFileStoreOptions(path, options);
    const { debounce = DEFAULT_DEBOUNCE_MS, total = null } = options;
    this.#path = resolve(path);
    // A link stays a link, as to a mounted volume: its target is what is replaced.
    this.#target = linkTarget(this.#path);
    this.#debounceMs = debounce;
    this.sequenceInterval = Math.max(debounce, MIN_INTERVAL_MS);
    this.#total = total;
    this.#isTotalGiven = total !== null;
    this.#notify = reportTo(options);
    if (inUse.has(this.#target)) {
      throw this.#error(
        'IN_USE',
        'already has a store in this process. Give its shards one store, or close the first.',
      );
    }
    inUse.add(this.#target);
    this.#file = new AtomicFile(this.#target, () =>
      this.#report('OTHER_WRITER', 'is written by another process too: sessions get lost. Give each its own file.'),
    );
    this.#writer = new BackgroundWriter({
      hasWork: () => this.#written < this.#urgent,
      write: () => this.#write(),
      writeSync: () => this.flushSync(),
      onFailure: (cause, isFirst) => {
        const advice = 'Make its folder, and let this process write there; it is tried again';
        if (isFirst) this.#report('CANNOT_WRITE', `cannot be written. ${advice}`, cause);
      },
      retryMs: RETRY_MS,
    });
    flushAtSignal(this);
  }

  get(shardId: number): Promise<Session | null> {
    return handled(this.#get(shardId));
  }

  set(shardId: number, session: Session): Promise<void> {
    return handled(this.#set(shardId, session));
  }

  delete(shardId: number): Promise<void> {
    return handled(this.#delete(shardId));
  }

  setTotal(total: number): Promise<void> {
    return handled(this.#setTotal(total));
  }

  getIdentifies(): Promise<IdentifyRecord | null> {
    return handled(this.#load().then(() => this.#identifies));
  }

  setIdentifies(record: IdentifyRecord): Promise<void> {
    return handled(this.#setIdentifies(record));
  }

  close(): Promise<void> {
    return handled((this.#closed ??= this.#close()));
  }

  async #get(shardId: number): Promise<Session | null> {
    await this.#load();
    return this.#sessions.get(shardId) ?? null;
  }

  async #set(shardId: number, session: Session): Promise<void> {
    this.#checkOpen();
    whole('shardId', shardId, { meaning: 'the id of a shard' });
    if (!isSession(session)) refuse('session', session, '{ id, sequence, resumeUrl }, as shard.session gave it', 0);
    const { id, sequence, resumeUrl, identifiedAs } = session as StoredSession;
    const before = this.#sessions.get(shardId);
    if (before?.id === id && before.sequence === sequence && before.resumeUrl === resumeUrl) return undefined;
    this.#sessions.set(shardId, { id, sequence, resumeUrl, ...(identifiedAs && { identifiedAs }) });
    return this.#change(before?.id !== id);
  }

  async #delete(shardId: number): Promise<void> {
    this.#checkOpen();
    if (this.#isLoaded && !this.#sessions.get(shardId)) return undefined;
    this.#sessions.set(shardId, null);
    return this.#change(true);
  }

  async #setTotal(total: number): Promise<void> {
    this.#checkOpen();
    whole('total', total, { min: 1, meaning: 'how many shards the bot has' });
    const before = this.#total;
    this.#total = total;
    if (!this.#isLoaded) {
      this.#isTotalGiven = true;
      return this.#load();
    }
    if (before === null || before === total) return undefined;
    if (!this.#isTotalGiven) {
      this.#report('OTHER_TOTAL', `was written for ${before} shards, not for ${total}: no session is resumed`);
    }
    this.#isTotalGiven = true;
    this.#sessions.clear();
    return this.#change(true);
  }

  async #setIdentifies(record: IdentifyRecord): Promise<void> {
    this.#checkOpen();
    if (!isIdentifyRecord(record)) refuse('identifies', record, '{ hours, spare, at }, as the limiter made it', 0);
    const { hours, spare, at } = record;
    this.#identifies = { hours, spare, at };
    return this.#change(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes what waits before it returns, at a signal or the exit. */
  flushSync(): void {
    if (this.#written === this.#changed) return;
    try {
      if (!this.#isLoaded) this.#loadSync();
      this.#file.replaceSync(this.#text());
      this.#written = this.#changed;
    } catch (cause) {
      this.#report('CANNOT_WRITE', 'could not be written at the end: its sessions are older', cause);
    }
  }

  async #close(): Promise<void> {
    if (this.#written < this.#changed) await within(CLOSE_LIMIT_MS, this.#writeNow()).catch(() => {});
    if (this.#debounce !== null) clearTimeout(this.#debounce);
    inUse.delete(this.#target);
    forgetAtSignal(this);
    if (this.#written === this.#changed) return this.#writer.stop();
    this.#report('CANNOT_WRITE', 'was closed before its last sessions were written: they are tried again at the exit');
  }

  async #change(isUrgent: boolean): Promise<void> {
    this.#changed += 1;
    // Other listeners of the exit may bring shards down after ours has run.
    if (isUrgent || this.#writer.isExiting) return this.#writeNow();
    // The retry writes this change too.
    if (this.#writer.isPaused) return;
    // A process with nothing else to do exits, and what waits is written then.
    this.#debounce ??= setTimeout(() => {
      this.#debounce = null;
      void this.#writeNow();
    }, this.#debounceMs).unref();
  }

  #writeNow(): Promise<void> {
    this.#urgent = this.#changed;
    return this.#writer.run();
  }

  async #write(): Promise<void> {
    // The sessions of other shards that the file has must stay.
    await this.#load();
    const change = this.#changed;
    try {
      await this.#file.replace(this.#text());
      this.#written = Math.max(this.#written, change);
    } catch (cause) {
      // A signal or the exit has written a newer text while this write was under way.
      if (this.#written < change) throw cause;
    }
  }

  /** Never rejects. */
  #load(): Promise<void> {
    return (this.#loading ??= this.#file.read().then(
      (text) => this.#adopt(text),
      (cause: unknown) => this.#unreadable(cause),
    ));
  }

  #loadSync(): void {
    try {
      this.#adopt(this.#file.readSync());
    } catch (cause) {
      this.#unreadable(cause);
    }
  }

  #adopt(text: string | null): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    if (text === null) return;
    const found = parseSessions(text, this.#total);
    this.#identifies ??= found.identifies;
    if ('problem' in found) {
      const kept = text === '' ? '' : ` Its content is kept as ${this.#file.keep()} once there are new sessions.`;
      return this.#report(found.code, `${found.problem}: no session is resumed.${kept}`);
    }
    // A total that the user gives later is compared with the file's.
    this.#total ??= found.total;
    for (const [id, session] of found.sessions) {
      // A session that a shard saved while the file was read is newer.
      if (!this.#sessions.has(id)) this.#sessions.set(id, session);
    }
  }

  #unreadable(cause: unknown): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const kept = `If it can be replaced, its content is kept as ${this.#file.keep()}`;
    this.#report('CANNOT_READ', `cannot be read: no session is resumed. ${kept}`, cause);
  }

  #text(): string {
    return formatSessions(this.#sessions, this.#total, this.#identifies);
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw this.#error('CLOSED', 'has been closed. Close it after the shards.');
  }

  #report(code: SessionStoreErrorCode, what: string, cause?: unknown): void {
    this.#notify(this.#error(code, what, cause));
  }

  #error(code: SessionStoreErrorCode, what: string, cause?: unknown): SessionStoreError {
    const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
    return new SessionStoreError(code, `The session file ${this.#path} ${what}${why}`, { value: this.#path, cause });
  }
}

/**
 * Keeps the sessions of all shards of a bot in one file, so that the next process resumes them. A new session is written
 * at once, a new sequence within `debounce`; at the exit, a SIGTERM or a SIGINT the rest is written before the process
 * goes on, so that only a kill loses the last moment's sequences. The file (mode 0600) is always replaced whole, and where
 * the path is a symbolic link, the link's target; one process at a time may write it. A file that cannot be used is reported
 * and kept under another name, and the shards start new sessions. Trouble with the file never fails a shard.
 * @throws ShardError `INVALID_OPTION`; SessionStoreError `IN_USE`
 */
export function createFileSessionStore(path: string, options: FileSessionStoreOptions = {}): FileSessionStore {
  return new FileStore(path, options);
}
