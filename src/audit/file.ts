import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Account, Sink } from './account.js';
import { AuditError, causeOf, type AuditErrorCode } from './errors.js';
import { flushAtExit, forgetAtExit } from '../exit.js';
import type { Rotation } from './options.js';

const write = promisify(fs.write);
const rename = promisify(fs.rename);
const open = promisify(fs.open);
const close = promisify(fs.close);

const KEEP = 5;

/** After a write that failed: twice as long from one to the next. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/** How long an exit waits for the write that is under way. */
const EXIT_LIMIT_MS = 1_000;

/** What waits for one file. */
interface Batch {
  text: string;
  lines: number;
}

/**
 * Lines into a file. One write is under way at a time; what comes meanwhile is the next. Nothing waits for the disk: not
 * the shard, and not the event loop.
 */
export class AuditFile implements Sink {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  readonly #account: Account;
  #fd: number;
  /** A pipe or a terminal is neither rotated nor measured. */
  readonly #isRegular: boolean;
  /** Bytes the file has, by our own count. */
  #size: number;
  /** Bytes it will have when all that waits for the last file is written. */
  #sizeToBe: number;
  /** What waits, file by file: the first is for the file that is open. */
  readonly #batches: Batch[] = [{ text: '', lines: 0 }];
  waitingBytes = 0;
  /** What is being written, and whether the system has it. */
  #underWay = Buffer.alloc(0);
  #isWithSystem = false;
  #writing: Promise<void> | null = null;
  #isClosing = false;
  #isExiting = false;
  /** Ends the wait before a retry. */
  #hurry: (() => void) | null = null;

  /** @throws AuditError `CANNOT_OPEN` */
  constructor(path: string, rotation: Rotation | undefined, account: Account) {
    this.#path = path;
    this.#rotation = rotation;
    this.#account = account;
    try {
      this.#fd = fs.openSync(path, 'a+');
    } catch (cause) {
      throw this.#error('CANNOT_OPEN', 'cannot be opened. Make its folder, and let this process write there', cause);
    }
    const stats = fs.fstatSync(this.#fd);
    this.#isRegular = stats.isFile();
    this.#size = this.#sizeToBe = stats.size;
    // The process before this one was killed while it wrote.
    if (stats.size > 0 && !endsLine(this.#fd, stats.size)) this.#enqueue('\n', 0);
    flushAtExit(this);
  }

  write(line: string): void {
    this.#enqueue(line, 1);
    if (this.#isExiting) this.flushSync();
    else this.#writing ??= this.#drain();
  }

  isFull(bytes: number): boolean {
    if (this.#rotation === undefined || !this.#isRegular) return false;
    return this.#sizeToBe > 0 && this.#sizeToBe + bytes > this.#rotation.maxBytes;
  }

  rotate(): void {
    this.#batches.push({ text: '', lines: 0 });
    this.#sizeToBe = 0;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry?.();
    await this.#writing;
    forgetAtExit(this);
    await close(this.#fd).catch(() => {});
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
        ...this.#batches.splice(0, Infinity, { text: '', lines: 0 }).map(({ text }) => Buffer.from(text)),
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

  #enqueue(text: string, lines: number): void {
    const batch = this.#batches.at(-1) as Batch;
    batch.text += text;
    batch.lines += lines;
    this.waitingBytes += text.length;
    this.#sizeToBe += Buffer.byteLength(text);
  }

  /** Never rejects. Its first write begins before it returns. */
  async #drain(): Promise<void> {
    for (;;) {
      const batch = this.#batches[0] as Batch;
      if (batch.text !== '') await this.#put(batch);
      else if (this.#batches.length > 1) await this.#nextFile();
      else break;
    }
    this.#writing = null;
  }

  async #put(batch: Batch): Promise<void> {
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
        if (this.#isClosing) return this.#giveUp(lines, cause);
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
  }

  #giveUp(lines: number, cause: unknown): void {
    this.#account.dropped += lines;
    this.#account.report(
      this.#error('RECORDS_DROPPED', `was closed with ${lines} records that could not be written`, cause),
    );
  }

  /** `audit.log` becomes `audit.log.1`, which becomes `audit.log.2` … and the oldest goes. */
  async #nextFile(): Promise<void> {
    this.#batches.shift();
    const { keep = KEEP } = this.#rotation ?? {};
    try {
      for (let age = keep; age > 0; age -= 1) {
        await rename(age === 1 ? this.#path : `${this.#path}.${age - 1}`, `${this.#path}.${age}`).catch(unlessMissing);
      }
      const old = this.#fd;
      this.#fd = await open(this.#path, 'a');
      this.#size = 0;
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
    return new AuditError(code, `The audit log ${this.#path} ${what} (${causeOf(cause)}).`, {
      value: this.#path,
      cause,
    });
  }
}

function endsLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  fs.readSync(fd, last, 0, 1, size - 1);
  return last[0] === '\n'.charCodeAt(0);
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
