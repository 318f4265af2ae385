import { createReadStream } from 'node:fs';
import { messageOf } from '../util/messageOf.js';
import { AuditError } from './errors.js';
import { MAX_LINE_LENGTH } from './encode.js';
import type { AuditRecord } from './record.js';
import { issueOfLine, describeIssue } from './schema.js';
import { formatProblem } from './version.js';

/** A line of a log that is not a record. */
export interface SkippedLine {
  readonly file: string;
  /** Number of the line in its file, from 1. */
  readonly line: number;
  readonly reason: string;
}

/** The records of a log, one by one (`for await`) or all at once (`await`). Made by {@link readAuditLog}. */
export interface AuditLogReader extends AsyncIterable<AuditRecord>, PromiseLike<AuditRecord[]> {
  /**
   * The first 1 000 lines that the latest reading has skipped so far because they are not records. `replayAudit` of the
   * reader reports the first of them.
   */
  readonly skipped: readonly SkippedLine[];
  /** Number of all skipped lines. */
  readonly skippedCount: number;
  /** The first 1 000 lines that a kill has torn: the last line of a file, without its end, or one before a new run. */
  readonly torn: readonly SkippedLine[];
}

/** End of every whole line. A line without it was torn by a kill. */
const WHOLE = /"check":"[0-9a-f]{8}"\}\s*$/;

const MAX_LISTED = 1_000;

/** Records are a few levels deep. JSON.parse reads deeper values, but comparing or printing them overflows the stack. */
const MAX_DEPTH = 100;

/** Some editors write this mark before the first line. */
const BYTE_ORDER_MARK = '\uFEFF';

/** Lines that one reading has passed over. */
class PassedOver {
  readonly skipped: SkippedLine[] = [];
  readonly torn: SkippedLine[] = [];
  skippedCount = 0;

  skip(line: SkippedLine): void {
    this.skippedCount += 1;
    if (this.skipped.length < MAX_LISTED) this.skipped.push(line);
  }

  tear({ file, line }: SkippedLine): void {
    if (this.torn.length < MAX_LISTED) this.torn.push({ file, line, reason: 'it is torn' });
  }
}

class Reader implements AuditLogReader {
  #passedOver = new PassedOver();
  readonly #files: readonly string[];

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  get skipped(): readonly SkippedLine[] {
    return this.#passedOver.skipped;
  }

  get skippedCount(): number {
    return this.#passedOver.skippedCount;
  }

  get torn(): readonly SkippedLine[] {
    return this.#passedOver.torn;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AuditRecord> {
    const passedOver = (this.#passedOver = new PassedOver());
    for (const file of this.#files) yield* read(file, passedOver);
  }

  then<A = AuditRecord[], B = never>(
    fulfilled?: ((records: AuditRecord[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(fulfilled, rejected);
  }

  async #all(): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    for await (const record of this) records.push(record);
    return records;
  }
}

async function* read(file: string, passedOver: PassedOver): AsyncGenerator<AuditRecord> {
  let number = 0;
  /** Lines that count as torn if the next record begins a run, and as skipped otherwise. */
  let suspects: SkippedLine[] = [];
  for await (const { text: whole, isEnded, isTooLong } of linesOf(file)) {
    number += 1;
    const text = number === 1 && whole.startsWith(BYTE_ORDER_MARK) ? whole.slice(1) : whole;
    if (text.trim() === '') continue;
    const record = isTooLong ? `it is longer than ${MAX_LINE_LENGTH} characters` : parse(text);
    const isRecord = typeof record !== 'string';
    if (isRecord) {
      // A killed process tore them, and the next process began a run behind them.
      for (const suspect of suspects) passedOver[record.n === 1 ? 'tear' : 'skip'](suspect);
      suspects = [];
      yield record;
      continue;
    }
    const line = { file, line: number, reason: record };
    const isTorn = !isTooLong && !WHOLE.test(text);
    if (isTorn && isEnded && suspects.length < MAX_LISTED) {
      suspects.push(line);
      continue;
    }
    for (const suspect of suspects) passedOver.skip(suspect);
    suspects = [];
    passedOver[isTorn && !isEnded ? 'tear' : 'skip'](line);
  }
  for (const suspect of suspects) passedOver.skip(suspect);
}

/** Returns the record, or the reason why the line is not one. */
function parse(text: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (isDeeper(value, MAX_DEPTH)) return `it is nested more than ${MAX_DEPTH} levels deep`;
  const issue = issueOfLine(value);
  if (issue === null) return value as AuditRecord;
  return formatProblem((value as { v?: unknown } | null)?.v) ?? describeIssue(issue);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

interface Line {
  /** The line, or the beginning of one that is too long. */
  readonly text: string;
  readonly isEnded: boolean;
  readonly isTooLong: boolean;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let parts: string[] = [];
  let length = 0;
  const add = (part: string) => {
    if (length <= MAX_LINE_LENGTH) parts.push(part);
    length += part.length;
  };
  const take = (isEnded: boolean): Line => {
    const line = { text: parts.join(''), isEnded, isTooLong: length > MAX_LINE_LENGTH };
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunksOf(file)) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      add(chunk.slice(from, end));
      from = end + 1;
      yield take(true);
    }
    add(chunk.slice(from));
  }
  if (length > 0) yield take(false);
}

async function* chunksOf(file: string): AsyncGenerator<string> {
  try {
    yield* createReadStream(file, 'utf8') as AsyncIterable<string>;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT';
    throw new AuditError(
      isMissing ? 'NOT_FOUND' : 'CANNOT_READ',
      `The audit log ${file} cannot be read. ${adviceOn(code)} (${messageOf(cause)}).`,
      { value: file, cause },
    );
  }
}

function adviceOn(code: string | undefined): string {
  if (code === 'ENOENT') return 'There is no such file: check its path';
  if (code === 'EISDIR') return 'It is a folder: give the path of a file in it';
  return 'Check that it is a file this process may read';
}

/**
 * Reads an audit log, or several files as one: rotated files oldest first, `['audit.log.1', 'audit.log']`. `for await` reads
 * line by line, however long the log is; `await` returns an array. Lines that a kill has torn are left out and listed in
 * `torn`; other lines that are not records are left out and listed in `skipped`.
 * @throws AuditError `NOT_FOUND`, `CANNOT_READ`: when it is read, not by this call
 */
export function readAuditLog(file: string | readonly string[]): AuditLogReader {
  return new Reader(typeof file === 'string' ? [file] : file);
}
