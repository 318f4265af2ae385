import { resolve } from 'node:path';
import { flushAtExit, forgetAtExit } from '../util/flushAtExit.js';
import { checkMethods, checkObject, refuse, whole } from '../util/options.js';
import { reportTo, type Logger } from '../util/logger.js';
import { MAX_DELAY_MS } from '../protocol/limits.js';
import { isSession, type Session } from '../protocol/session.js';
import type { SessionStore } from './sessionStore.js';
import { within } from '../util/within.js';
import { Disk } from './atomicFile.js';
import { SessionStoreError, type SessionStoreErrorCode } from './errors.js';
import { formatSessions, parseSessions } from './fileFormat.js';
import { flushAtSignal, forgetAtSignal } from './exitSignals.js';

/** Options of {@link createFileSessionStore}. */
export interface FileSessionStoreOptions {
  /**
   * Milliseconds until a new sequence is written, with all that came meanwhile. The shards tell theirs as often: a process
   * that is killed gets again what came within twice that time. Default 1 000.
   */
  readonly debounce?: number;
  /**
   * How many shards the bot has. With it, a file that was not written for the same total is put aside. Default: not
   * checked.
   */
  readonly total?: number;
  /** Hears of what is wrong with the file. Default: warnings of the process. */
  readonly logger?: Logger;
  /** Instead of the logger. */
  readonly onError?: (error: SessionStoreError) => void;
}

/** The sessions of a bot's shards in one file. Made by {@link createFileSessionStore}. */
export interface FileSessionStore extends SessionStore, AsyncDisposable {
  get(shardId: number): Promise<Session | null>;
  /**
   * Resolves once a new session is written (or could not be, which is told); for a new sequence at once.
   * @throws ShardError `INVALID_OPTION`; SessionStoreError `CLOSED`
   */
  set(shardId: number, session: Session): Promise<void>;
  /** @throws SessionStoreError `CLOSED` */
  delete(shardId: number): Promise<void>;
  /**
   * The shards are of this `total`: a file of another one is put aside, and sessions of another one are forgotten.
   * @throws ShardError `INVALID_OPTION`; SessionStoreError `CLOSED`
   */
  setTotal(total: number): Promise<void>;
  /** Writes what waits. Resolves when it is with the system, or after 5 s; never rejects. Close it after the shards. */
  close(): Promise<void>;
}

const DEBOUNCE_MS = 1_000;

/** Shards need not tell more often than that, however soon it is written. */
const LEAST_INTERVAL_MS = 100;

/** After a write that failed: twice as long from one to the next. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** How long `close` waits for a disk that does not go on. */
const CLOSE_LIMIT_MS = 5_000;

/** The files of this process's stores: two for one file would overwrite each other's sessions. */
const inUse = new Set<string>();

class FileStore implements FileSessionStore {
  readonly sequenceInterval: number;
  readonly #path: string;
  readonly #debounceMs: number;
  #total: number | null;
  readonly #tell: (error: SessionStoreError) => void;
  readonly #disk: Disk;
  /** null: deleted, whatever the file says. */
  readonly #sessions = new Map<number, Session | null>();
  #loading: Promise<void> | null = null;
  #isLoaded = false;
  /** The total is the user's word, not the file's. */
  #isTold: boolean;
  /** Counts changes: the last, the last that is to be written at once, the last that is written. */
  #changed = 0;
  #urgent = 0;
  #written = 0;
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Writes in a row. */
  #failures = 0;
  #isExiting = false;
  #closed: Promise<void> | null = null;

  constructor(path: string, options: FileSessionStoreOptions) {
    checkOptions(path, options);
    const { debounce = DEBOUNCE_MS, total = null } = options;
    this.#path = resolve(path);
    this.#debounceMs = debounce;
    this.sequenceInterval = Math.max(debounce, LEAST_INTERVAL_MS);
    this.#total = total;
    this.#isTold = total !== null;
    this.#tell = reportTo(options);
    if (inUse.has(this.#path)) {
      const advice = 'Give its shards one store, or close the one before';
      throw this.#error('IN_USE', `already has a store in this process. ${advice}.`);
    }
    inUse.add(this.#path);
    this.#disk = new Disk(this.#path, () =>
      this.#report(
        'OTHER_WRITER',
        'is written by another process too: sessions get lost. Give each a file of its own.',
      ),
    );
    flushAtExit(this.#atExit);
    flushAtSignal(this);
  }

  async get(shardId: number): Promise<Session | null> {
    await this.#load();
    return this.#sessions.get(shardId) ?? null;
  }

  async set(shardId: number, session: Session): Promise<void> {
    this.#checkOpen();
    whole('shardId', shardId, { meaning: 'the id of a shard' });
    if (!isSession(session)) refuse('session', session, '{ id, sequence, resumeUrl }, as shard.session gave it', 0);
    const { id, sequence, resumeUrl } = session;
    const before = this.#sessions.get(shardId);
    if (before?.id === id && before.sequence === sequence && before.resumeUrl === resumeUrl) return undefined;
    this.#sessions.set(shardId, { id, sequence, resumeUrl });
    return this.#change(before?.id !== id);
  }

  async delete(shardId: number): Promise<void> {
    this.#checkOpen();
    if (this.#isLoaded && !this.#sessions.get(shardId)) return undefined;
    this.#sessions.set(shardId, null);
    return this.#change(true);
  }

  async setTotal(total: number): Promise<void> {
    this.#checkOpen();
    whole('total', total, { min: 1, meaning: 'how many shards the bot has' });
    const before = this.#total;
    this.#total = total;
    if (!this.#isLoaded) {
      this.#isTold = true;
      return this.#load();
    }
    if (before === null || before === total) return undefined;
    if (!this.#isTold)
      this.#report('OTHER_TOTAL', `is that of ${before} shards, not of ${total}: no session is resumed`);
    this.#isTold = true;
    this.#sessions.clear();
    return this.#change(true);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes what waits before it returns. */
  flushSync(): void {
    if (this.#written === this.#changed) return;
    try {
      if (!this.#isLoaded) this.#loadSync();
      this.#disk.replaceSync(this.#text());
      this.#written = this.#changed;
    } catch (cause) {
      this.#report('CANNOT_WRITE', 'could not be written at the end: what it has is older', cause);
    }
  }

  readonly #atExit = {
    flushSync: (): void => {
      this.#isExiting = true;
      this.flushSync();
    },
  };

  async #close(): Promise<void> {
    this.#urgent = this.#changed;
    // A disk that takes longer is told of below.
    if (this.#written < this.#changed) await within(CLOSE_LIMIT_MS, this.#write()).catch(() => {});
    inUse.delete(this.#path);
    forgetAtSignal(this);
    if (this.#written === this.#changed) return forgetAtExit(this.#atExit);
    this.#report('CANNOT_WRITE', 'was closed before its last words were written: it is tried again at the exit');
  }

  async #change(isUrgent: boolean): Promise<void> {
    this.#changed += 1;
    // Other listeners of the exit may bring shards down after ours.
    if (this.#isExiting) return this.flushSync();
    if (isUrgent) {
      this.#urgent = this.#changed;
      return this.#write();
    }
    this.#timer ??= this.#writeIn(this.#debounceMs);
  }

  /** Holds no process up: what waits when there is nothing else to do is written at the exit. */
  #writeIn(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = null;
      this.#urgent = this.#changed;
      void this.#write();
    }, delayMs).unref();
  }

  #write(): Promise<void> {
    return (this.#writing ??= this.#drain());
  }

  /** Never rejects. One write at a time; what comes meanwhile and is urgent is the next. */
  async #drain(): Promise<void> {
    // Not before the file is read: what it has of other shards must stay.
    await this.#load();
    let isFine = true;
    while (isFine && this.#written < this.#urgent) isFine = await this.#put();
    this.#writing = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#written === this.#changed) return;
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
    this.#timer = this.#writeIn(isFine ? this.#debounceMs : retryMs);
  }

  async #put(): Promise<boolean> {
    const change = this.#changed;
    try {
      await this.#disk.replace(this.#text());
      this.#written = Math.max(this.#written, change);
      this.#failures = 0;
      return true;
    } catch (cause) {
      // At a signal or the exit it was written before this was.
      if (this.#written >= change) return true;
      this.#failures += 1;
      const advice = 'Make its folder, and let this process write there; it is tried again';
      if (this.#failures === 1) this.#report('CANNOT_WRITE', `cannot be written. ${advice}`, cause);
      return false;
    }
  }

  #load(): Promise<void> {
    return (this.#loading ??= this.#disk.read().then(
      (text) => this.#adopt(text),
      (cause: unknown) => this.#unreadable(cause),
    ));
  }

  #loadSync(): void {
    try {
      this.#adopt(this.#disk.readSync());
    } catch (cause) {
      this.#unreadable(cause);
    }
  }

  #adopt(text: string | null): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    if (text === null) return;
    const found = parseSessions(text, this.#total);
    if ('problem' in found) {
      const kept = text === '' ? '' : ` What it has is kept as ${this.#disk.keep()} once there are new ones.`;
      return this.#report(found.code, `${found.problem}: no session is resumed.${kept}`);
    }
    // Whoever says the total later is told so.
    this.#total ??= found.total;
    for (const [id, session] of found.sessions) {
      // What a shard has said meanwhile is newer.
      if (!this.#sessions.has(id)) this.#sessions.set(id, session);
    }
  }

  #unreadable(cause: unknown): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const kept = `If it can be replaced, what is there is kept as ${this.#disk.keep()}`;
    this.#report('CANNOT_READ', `cannot be read: no session is resumed. ${kept}`, cause);
  }

  #text(): string {
    return formatSessions(this.#sessions, this.#total);
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw this.#error('CLOSED', 'has been closed. Close it after the shards.');
  }

  #report(code: SessionStoreErrorCode, what: string, cause?: unknown): void {
    this.#tell(this.#error(code, what, cause));
  }

  #error(code: SessionStoreErrorCode, what: string, cause?: unknown): SessionStoreError {
    const why = cause === undefined ? '' : ` (${cause instanceof Error ? cause.message : String(cause)})`;
    return new SessionStoreError(code, `The session file ${this.#path} ${what}${why}`, { value: this.#path, cause });
  }
}

function checkOptions(path: unknown, options: FileSessionStoreOptions): void {
  if (typeof path !== 'string' || path === '') refuse('path', path, 'the path of a file');
  checkObject('options', options, '{ total: 16 }');
  const { debounce = DEBOUNCE_MS, total = 1, logger, onError } = options;
  if (typeof debounce !== 'number' || !(debounce >= 0 && debounce <= MAX_DELAY_MS)) {
    refuse('debounce', debounce, `milliseconds, from 0 to ${MAX_DELAY_MS}`);
  }
  whole('total', total, { min: 1, meaning: 'how many shards the bot has' });
  checkMethods('logger', logger, ['debug', 'info', 'warn', 'error'], 0);
  if (onError !== undefined && typeof onError !== 'function') refuse('onError', onError, 'a function of the error');
}

/**
 * Keeps the sessions of all shards of a bot in one file, so that a process that comes after this one resumes them. A new
 * session is written at once, a new sequence within `debounce`; at the exit, and at a SIGTERM or SIGINT, what waits is
 * written before the process goes on, so that only a kill loses a moment's sequences. The file (mode 0600) is replaced
 * whole, never torn; one process at a time writes it. One that cannot be used is told and kept under another name, and
 * the shards begin anew. Trouble with the file never fails a shard.
 * @throws ShardError `INVALID_OPTION`; SessionStoreError `IN_USE`
 */
export function createFileSessionStore(path: string, options: FileSessionStoreOptions = {}): FileSessionStore {
  return new FileStore(path, options);
}
