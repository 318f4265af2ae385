import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Account, Sink } from './sink.js';
import { ShardError } from '../util/errors.js';
import { messageOf } from '../util/messageOf.js';
import { AuditError, type AuditErrorCode } from './errors.js';
import { flushAtExit, forgetAtExit } from '../util/flushAtExit.js';
import type { Rotation } from './options.js';
import { lastCheckOf, tailOf, type Tail } from './tail.js';

const write = promisify(fs.write);
const rename = promisify(fs.rename);
const open = promisify(fs.open);
const close = promisify(fs.close);
const stat = promisify(fs.stat);
const fstat = promisify(fs.fstat);

const KEEP = 5;

/** After a write that failed: twice as long from one to the next. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

const LINE_FEED = '\n'.charCodeAt(0);

/** How long an exit waits for the write that is under way. */
const EXIT_LIMIT_MS = 1_000;

/** How often is looked whether the file is still at its path. */
const LOOK_MS = 3_000;

/** The real paths of this process's open logs: the runs of two would be mixed up. */
const paths = new Set<string>();

/** What waits for one file. */
interface Batch {
  text: string;
  lines: number;
  /** Whether the file before was moved by somebody else. */
  readonly isMoved: boolean;
}

const noBatch = (isMoved = false): Batch => ({ text: '', lines: 0, isMoved });

/**
 * Lines into a file. One write is under way at a time; what comes meanwhile is the next. Nothing waits for the disk: not
 * the shard, and not the event loop.
 */
export class AuditFile implements Sink {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  readonly #account: Account;
  #fd: number;
  /** Where links to it lead; null for what is no regular file. */
  readonly realPath: string | null;
  readonly after: string | null;
  /** A pipe or a terminal is neither rotated nor measured. */
  readonly #isRegular: boolean;
  /** Bytes the file has, by our own count. */
  #size: number;
  /** Bytes it will have when all that waits for the last file is written. */
  #sizeToBe: number;
  /** Stands before the next line. */
  #separator = '';
  /** What waits, file by file: the first is for the file that is open. */
  readonly #batches: Batch[] = [noBatch()];
  #isMoved = false;
  #isMoveTold = false;
  #nextLookAt = 0;
  waitingBytes = 0;
  /** What is being written, and whether the system has it. */
  #underWay = Buffer.alloc(0);
  #isWithSystem = false;
  #writing: Promise<void> | null = null;
  #isClosing = false;
  #isExiting = false;
  /** Ends the wait before a retry. */
  #hurry: (() => void) | null = null;

  /** @throws AuditError `CANNOT_OPEN`; ShardError `INVALID_OPTION` */
  constructor(path: string, rotation: Rotation | undefined, account: Account) {
    this.#path = path;
    this.#rotation = rotation;
    this.#account = account;
    let tail: Tail = { check: null, isTorn: false };
    try {
      this.#fd = fs.openSync(path, 'a+');
      const stats = fs.fstatSync(this.#fd);
      this.#isRegular = stats.isFile();
      this.#size = this.#sizeToBe = stats.size;
      this.realPath = this.#isRegular ? fs.realpathSync(path) : null;
      if (this.#isRegular) tail = tailOf(this.#fd, stats.size);
    } catch (cause) {
      const advice =
        (cause as NodeJS.ErrnoException).code === 'EISDIR'
          ? 'It is a folder: give the path of a file in it'
          : 'Make its folder, and let this process write there';
      throw this.#error('CANNOT_OPEN', `cannot be opened. ${advice}`, cause);
    }
    if (this.realPath !== null) this.#reserve(this.realPath);
    // A process that was killed while it rotated leaves a file without a line.
    this.after = tail.check ?? (rotation === undefined ? null : lastCheckOf(`${path}.1`));
    if (tail.isTorn) this.#separator = '\n';
    flushAtExit(this);
  }

  write(line: string): void {
    this.#enqueue(this.#separator + line);
    this.#separator = '';
    if (this.#isExiting) this.flushSync();
    else this.#writing ??= this.#drain();
  }

  isFull(bytes: number): boolean {
    if (this.#isMoved) return true;
    if (this.#rotation === undefined || !this.#isRegular) return false;
    return this.#sizeToBe > 0 && this.#sizeToBe + bytes > this.#rotation.maxBytes;
  }

  rotate(): void {
    this.#batches.push(noBatch(this.#isMoved));
    this.#isMoved = false;
    this.#separator = '';
    this.#sizeToBe = 0;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry?.();
    await this.#writing;
    forgetAtExit(this);
    await close(this.#fd).catch(() => {});
    if (this.realPath !== null) paths.delete(this.realPath);
  }

  #reserve(realPath: string): void {
    if (paths.has(realPath)) {
      fs.closeSync(this.#fd);
      throw new ShardError(
        'INVALID_OPTION',
        `\`file\` must be one that no other open audit log of this process writes; got ${realPath}. Attach to that one, or close it first.`,
        { value: this.#path },
      );
    }
    paths.add(realPath);
  }

  /**
   * Writes what waits before it returns, into the file that is open: for the end of the process. What comes later still,
   * from other listeners of it, is written at once.
   */
  flushSync(): void {
    this.#isExiting = true;
    try {
      const landed = this.#isWithSystem ? this.#landed() : 0;
      let rest = Buffer.concat([
        this.#underWay.subarray(landed),
        ...this.#batches.splice(0, Infinity, noBatch()).map(({ text }) => Buffer.from(text)),
      ]);
      this.#underWay = Buffer.alloc(0);
      this.#isWithSystem = false;
      while (rest.length > 0) rest = rest.subarray(fs.writeSync(this.#fd, rest));
    } catch (cause) {
      this.#account.report(this.#error('CANNOT_WRITE', 'could not be finished before the process ended', cause));
    }
  }

  /** How much of the write under way is in the file. Its thread goes on while this one waits. */
  #landed(): number {
    const { length } = this.#underWay;
    if (!this.#isRegular) return length;
    const end = performance.now() + EXIT_LIMIT_MS;
    for (;;) {
      const landed = fs.fstatSync(this.#fd).size - this.#size;
      if (landed >= length) return length;
      if (performance.now() > end) return Math.max(0, landed);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }

  #enqueue(text: string): void {
    const batch = this.#batches.at(-1) as Batch;
    batch.text += text;
    batch.lines += 1;
    this.waitingBytes += text.length;
    this.#sizeToBe += Buffer.byteLength(text);
  }

  /** Never rejects. Its first write begins before it returns. */
  async #drain(): Promise<void> {
    for (;;) {
      const batch = this.#batches[0] as Batch;
      if (batch.text !== '') {
        if (!(await this.#put(batch))) break;
        await this.#look();
      } else if (this.#batches.length > 1) await this.#nextFile();
      else break;
    }
    this.#writing = null;
  }

  /** Whether all of it is with the system; otherwise all that waited is lost. */
  async #put(batch: Batch): Promise<boolean> {
    const { text, lines } = batch;
    batch.text = '';
    batch.lines = 0;
    this.#underWay = Buffer.from(text);
    for (let failures = 0; this.#underWay.length > 0;) {
      try {
        this.#isWithSystem = true;
        const { bytesWritten } = await write(this.#fd, this.#underWay);
        this.#size += bytesWritten;
        this.#underWay = this.#underWay.subarray(bytesWritten);
        failures = 0;
      } catch (cause) {
        this.#isWithSystem = false;
        failures += 1;
        if (this.#isClosing) {
          this.#giveUp(lines, cause);
          return false;
        }
        if (failures === 1) {
          this.#account.report(
            this.#error('CANNOT_WRITE', 'cannot be written; it is tried again, and records wait', cause),
          );
        }
        await this.#pause(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS));
      } finally {
        this.#isWithSystem = false;
      }
    }
    this.waitingBytes -= text.length;
    this.#account.written += lines;
    return true;
  }

  /** What is under way may have left half a line: nothing may follow it in this run. */
  #giveUp(lines: number, cause: unknown): void {
    const torn = Math.min(
      lines,
      this.#underWay.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 0),
    );
    const lost = this.#batches.splice(0, Infinity, noBatch()).reduce((sum, batch) => sum + batch.lines, torn);
    this.#underWay = Buffer.alloc(0);
    this.#account.written += lines - torn;
    this.#account.dropped += lost;
    this.#account.report(
      this.#error('RECORDS_DROPPED', `was closed with ${lost} records that could not be written`, cause),
    );
  }

  /** What logrotate or a user has moved is gone on with at the path, as a new run. */
  async #look(): Promise<void> {
    if (!this.#isRegular || performance.now() < this.#nextLookAt) return;
    this.#nextLookAt = performance.now() + LOOK_MS;
    const [there, ours] = await Promise.all([stat(this.#path).catch(() => null), fstat(this.#fd).catch(() => null)]);
    if (ours === null || (there?.ino === ours.ino && there.dev === ours.dev)) return;
    // Until a rotation that waits already has made it anew.
    if (this.#batches.length > 1) return;
    this.#isMoved = true;
    if (this.#isMoveTold) return;
    this.#isMoveTold = true;
    const message = `The audit log ${this.#path} was moved or deleted while it was written: what comes from now on goes into a new file there. Use \`rotate\` instead.`;
    this.#account.report(new AuditError('MOVED', message, { value: this.#path }));
  }

  /** `audit.log` becomes `audit.log.1`, which becomes `audit.log.2` … and the oldest goes. */
  async #nextFile(): Promise<void> {
    this.#batches.shift();
    const { keep = KEEP } = this.#rotation ?? {};
    const isMoved = this.#batches[0]?.isMoved === true;
    try {
      for (let age = isMoved ? 0 : keep; age > 0; age -= 1) {
        await rename(age === 1 ? this.#path : `${this.#path}.${age - 1}`, `${this.#path}.${age}`).catch(unlessMissing);
      }
      const old = this.#fd;
      this.#fd = await open(this.#path, 'a');
      this.#size = (await fstat(this.#fd)).size;
      this.#isMoveTold = false;
      await close(old);
    } catch (cause) {
      // The next file's lines are a run of their own wherever they stand.
      this.#account.report(
        this.#error('CANNOT_ROTATE', 'cannot be put aside, and grows on. Let this process write its folder', cause),
      );
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // A log that cannot be written keeps no process alive: what waits is tried once more at its exit.
      const timer = setTimeout(resolve, ms).unref();
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #error(code: AuditErrorCode, what: string, cause: unknown): AuditError {
    return new AuditError(code, `The audit log ${this.#path} ${what} (${messageOf(cause)}).`, {
      value: this.#path,
      cause,
    });
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
