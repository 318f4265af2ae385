import { createReadStream } from 'node:fs';
import { messageOf } from '../util/messageOf.js';
import { AuditError } from './errors.js';
import { MAX_LINE_LENGTH } from './encode.js';
import type { AuditRecord } from './record.js';
import { flawOfLine, sayFlaw } from './schema.js';
import { strangerTo } from './version.js';

/** A line of a log that is no record. */
export interface SkippedLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** The records of a log, one by one (`for await`) or all at once (`await`). Made by {@link readAuditLog}. */
export interface AuditLogReader extends AsyncIterable<AuditRecord>, PromiseLike<AuditRecord[]> {
  /**
   * Lines the reading that was begun last has passed over so far, for they are no records: the first 1 000 of them.
   * `replayAudit` of the reader tells of them.
   */
  readonly skipped: readonly SkippedLine[];
  /** How many there are in all. */
  readonly skippedCount: number;
  /** Lines that a kill has torn, the first 1 000 of them: the last of a file, without its end, or one before a new run. */
  readonly torn: readonly SkippedLine[];
}

/** How every whole line ends. What does not was torn off by a kill. */
const WHOLE = /"check":"[0-9a-f]{8}"\}\s*$/;

const MAX_LISTED = 1_000;

/** What a record holds is a few levels deep. What is deeper can be read, and ends whoever writes or compares it. */
const MAX_DEPTH = 100;

/** Editors put it before the first line. */
const BYTE_ORDER_MARK = '\uFEFF';

/** What one reading has passed over. */
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
  /** Lines that are torn if a run begins behind them, and no records otherwise. */
  let suspects: SkippedLine[] = [];
  for await (const { text: whole, isEnded, isTooLong } of linesOf(file)) {
    number += 1;
    const text = number === 1 && whole.startsWith(BYTE_ORDER_MARK) ? whole.slice(1) : whole;
    if (text.trim() === '') continue;
    const record = isTooLong ? `it is longer than ${MAX_LINE_LENGTH} characters` : parse(text);
    const isRecord = typeof record !== 'string';
    if (isRecord) {
      // A process that was killed tore them, and the next began a run behind them.
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

/** A record, or why the line is none. */
function parse(text: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (isDeeper(value, MAX_DEPTH)) return `it is nested more than ${MAX_DEPTH} levels deep`;
  const flaw = flawOfLine(value);
  if (flaw === null) return value as AuditRecord;
  return strangerTo((value as { v?: unknown } | null)?.v) ?? sayFlaw(flaw);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

interface Line {
  /** Of one that is too long, its beginning. */
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
 * Reads an audit log, or several as one: rotated files oldest first, `['audit.log.1', 'audit.log']`. Line by line with
 * `for await`, however long it is; as an array with `await`. Lines that were torn by a kill are passed over and told by
 * `torn`; any other that is no record is passed over too and told by `skipped`.
 * @throws AuditError `NOT_FOUND`, `CANNOT_READ`, when it is read
 */
export function readAuditLog(file: string | readonly string[]): AuditLogReader {
  return new Reader(typeof file === 'string' ? [file] : file);
}
