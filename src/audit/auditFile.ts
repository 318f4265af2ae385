import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { BackgroundWriter } from '../util/backgroundWriter.js';
import { messageOf } from '../util/messageOf.js';
import { AuditError, type AuditErrorCode } from './errors.js';
import { releaseFile, reserveFile } from './openFiles.js';
import type { Rotation } from './options.js';
import { rotateFiles } from './rotateFiles.js';
import type { Sink } from './sink.js';
import { lastCheckOf, tailOf, type Tail } from './tail.js';
import type { WriteTally } from './writeTally.js';

const write = promisify(fs.write);
const open = promisify(fs.open);
const close = promisify(fs.close);
const stat = promisify(fs.stat);
const fstat = promisify(fs.fstat);

const DEFAULT_KEEP = 5;

/** Readable by its owner only: the log has whole session ids. */
const FILE_MODE = 0o600;

/** Pause before the first retry of a failed write. */
const RETRY_MS = 250;

/** Longest wait of an exit for the write that is under way. */
const EXIT_LIMIT_MS = 1_000;

/** Interval of the check that the file is still at its path. */
const MOVE_CHECK_MS = 3_000;

const LINE_FEED = '\n'.charCodeAt(0);
const NO_BYTES = Buffer.alloc(0);

/** Lines that wait for one file. */
interface Batch {
  text: string;
  lines: number;
  /** True where the file before was moved by another program, and is not ours to rotate. */
  readonly isMoved: boolean;
}

const emptyBatch = (isMoved = false): Batch => ({ text: '', lines: 0, isMoved });

/** Appends lines to a file in the background and rotates it. Lines that come during a write are the next write. */
export class AuditFile implements Sink {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  readonly #tally: WriteTally;
  readonly #writer: BackgroundWriter;
  #fd: number;
  /** The path with its links resolved; null for a pipe or a terminal. */
  readonly realPath: string | null;
  readonly after: string | null;
  /** Bytes the file has, by our own count. */
  #size: number;
  /** Bytes the last file will have when all that waits for it is written. */
  #sizeToBe: number;
  /** Written before the next line. */
  #separator = '';
  /** One batch a file; the first belongs to the file that is open. */
  readonly #batches: Batch[] = [emptyBatch()];
  waitingBytes = 0;
  /** The rest of the batch that is being written. */
  #underWay = { bytes: NO_BYTES, lines: 0, length: 0 };
  /** True while a thread of Node's writes `#underWay`. */
  #isWithSystem = false;
  #lastFailure: unknown;
  #isMoved = false;
  #isMoveReported = false;
  #nextMoveCheckAt = 0;
  #isClosing = false;

  /** @throws AuditError `CANNOT_OPEN`; ShardError `INVALID_OPTION` */
  constructor(path: string, rotation: Rotation | undefined, tally: WriteTally) {
    this.#path = path;
    this.#rotation = rotation;
    this.#tally = tally;
    let tail: Tail = { check: null, isTorn: false };
    try {
      this.#fd = fs.openSync(path, 'a+', FILE_MODE);
      const stats = fs.fstatSync(this.#fd);
      this.#size = this.#sizeToBe = stats.size;
      this.realPath = stats.isFile() ? fs.realpathSync(path) : null;
      if (stats.isFile()) tail = tailOf(this.#fd, stats.size);
    } catch (cause) {
      const advice =
        (cause as NodeJS.ErrnoException).code === 'EISDIR'
          ? 'It is a folder: give the path of a file in it'
          : 'Make its folder, and let this process write there';
      throw this.#error('CANNOT_OPEN', `cannot be opened. ${advice}`, cause);
    }
    if (this.realPath !== null) this.#reserve(this.realPath);
    // A process that was killed during a rotation leaves a file without a line.
    this.after = tail.check ?? (rotation === undefined ? null : lastCheckOf(`${path}.1`));
    if (tail.isTorn) this.#separator = '\n';
    this.#writer = new BackgroundWriter({
      hasWork: () => this.#underWay.bytes.length > 0 || this.#batches.length > 1 || this.#batches[0]?.text !== '',
      write: () => this.#writeSome(),
      writeSync: () => this.#writeSync(),
      onFailure: (cause, isFirst) => this.#writeFailed(cause, isFirst),
      retryMs: RETRY_MS,
    });
  }

  write(line: string): void {
    const batch = this.#batches.at(-1) as Batch;
    const text = this.#separator + line;
    this.#separator = '';
    batch.text += text;
    batch.lines += 1;
    this.waitingBytes += text.length;
    this.#sizeToBe += Buffer.byteLength(text);
    if (!this.#writer.isPaused || this.#writer.isExiting) void this.#writer.run();
  }

  isFull(bytes: number): boolean {
    if (this.#isMoved) return true;
    if (this.#rotation === undefined || this.realPath === null) return false;
    return this.#sizeToBe > 0 && this.#sizeToBe + bytes > this.#rotation.maxBytes;
  }

  rotate(): void {
    this.#batches.push(emptyBatch(this.#isMoved));
    this.#isMoved = false;
    this.#separator = '';
    this.#sizeToBe = 0;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#writer.run();
    if (this.#writer.isPaused) this.#giveUp();
    this.#writer.stop();
    await close(this.#fd).catch(() => {});
    if (this.realPath !== null) releaseFile(this.realPath);
  }

  #reserve(realPath: string): void {
    try {
      reserveFile(realPath, this.#path);
    } catch (error) {
      fs.closeSync(this.#fd);
      throw error;
    }
  }

  /** Makes one write, which the system may take a part of only, or opens the next file. */
  async #writeSome(): Promise<void> {
    const batch = this.#batches[0] as Batch;
    if (this.#underWay.bytes.length === 0) {
      if (batch.text === '') return this.#nextFile();
      this.#underWay = { bytes: Buffer.from(batch.text), lines: batch.lines, length: batch.text.length };
      batch.text = '';
      batch.lines = 0;
    }
    this.#isWithSystem = true;
    try {
      const { bytesWritten } = await write(this.#fd, this.#underWay.bytes);
      this.#size += bytesWritten;
      this.#underWay.bytes = this.#underWay.bytes.subarray(bytesWritten);
    } finally {
      this.#isWithSystem = false;
    }
    if (this.#underWay.bytes.length > 0) return;
    this.waitingBytes -= this.#underWay.length;
    this.#tally.written += this.#underWay.lines;
    await this.#checkMove();
  }

  #writeFailed(cause: unknown, isFirst: boolean): void {
    this.#lastFailure = cause;
    if (!isFirst || this.#isClosing) return;
    this.#tally.report(this.#error('CANNOT_WRITE', 'cannot be written; it is tried again, and records wait', cause));
  }

  /** Drops what waits. The write that failed may have left half a line: nothing may follow it in this run. */
  #giveUp(): void {
    const { bytes, lines } = this.#underWay;
    const lineFeeds = bytes.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 0);
    const torn = Math.min(lines, lineFeeds);
    const lost = this.#batches.splice(0, Infinity, emptyBatch()).reduce((sum, batch) => sum + batch.lines, torn);
    this.#underWay = { bytes: NO_BYTES, lines: 0, length: 0 };
    this.#tally.written += lines - torn;
    this.#tally.dropped += lost;
    const what = `was closed with ${lost} records that could not be written`;
    this.#tally.report(this.#error('RECORDS_DROPPED', what, this.#lastFailure));
  }

  /** Writes all that waits into the file that is open, at the exit of the process: no file is rotated any more. */
  #writeSync(): void {
    try {
      const landed = this.#isWithSystem ? this.#landed() : 0;
      let rest = Buffer.concat([
        this.#underWay.bytes.subarray(landed),
        ...this.#batches.splice(0, Infinity, emptyBatch()).map(({ text }) => Buffer.from(text)),
      ]);
      this.#underWay.bytes = NO_BYTES;
      this.#isWithSystem = false;
      while (rest.length > 0) rest = rest.subarray(fs.writeSync(this.#fd, rest));
    } catch (cause) {
      this.#tally.report(this.#error('CANNOT_WRITE', 'could not be finished before the process ended', cause));
    }
  }

  /** Bytes of the write under way that are in the file. Its thread goes on while this one waits. */
  #landed(): number {
    const { length } = this.#underWay.bytes;
    if (this.realPath === null) return length;
    const end = performance.now() + EXIT_LIMIT_MS;
    for (;;) {
      const landed = fs.fstatSync(this.#fd).size - this.#size;
      if (landed >= length) return length;
      if (performance.now() > end) return Math.max(0, landed);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }

  /** Continues in a new file at the path, as a new run, where logrotate or a user has moved the old one. */
  async #checkMove(): Promise<void> {
    if (this.realPath === null || performance.now() < this.#nextMoveCheckAt) return;
    this.#nextMoveCheckAt = performance.now() + MOVE_CHECK_MS;
    const [there, ours] = await Promise.all([stat(this.#path).catch(() => null), fstat(this.#fd).catch(() => null)]);
    if (ours === null || (there?.ino === ours.ino && there.dev === ours.dev)) return;
    // A rotation that waits will open a new file at the path anyway.
    if (this.#batches.length > 1) return;
    this.#isMoved = true;
    if (this.#isMoveReported) return;
    this.#isMoveReported = true;
    const message = `The audit log ${this.#path} was moved or deleted while it was written: later records go into a new file there. Use \`rotate\` instead.`;
    this.#tally.report(new AuditError('MOVED', message, { value: this.#path }));
  }

  /** Opens the next file. Where that fails, the next run's lines follow in the old one. */
  async #nextFile(): Promise<void> {
    this.#batches.shift();
    const isMoved = this.#batches[0]?.isMoved === true;
    try {
      await rotateFiles(this.#path, isMoved ? 0 : (this.#rotation?.keep ?? DEFAULT_KEEP));
      const old = this.#fd;
      this.#fd = await open(this.#path, 'a', FILE_MODE);
      this.#size = (await fstat(this.#fd)).size;
      this.#isMoveReported = false;
      await close(old);
    } catch (cause) {
      const what = 'cannot be rotated, and goes on growing. Let this process write its folder';
      this.#tally.report(this.#error('CANNOT_ROTATE', what, cause));
    }
  }

  #error(code: AuditErrorCode, what: string, cause: unknown): AuditError {
    const message = `The audit log ${this.#path} ${what} (${messageOf(cause)}).`;
    return new AuditError(code, message, { value: this.#path, cause });
  }
}
