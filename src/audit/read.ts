import { createReadStream } from 'node:fs';
import { AuditError, causeOf } from './errors.js';
import type { AuditRecord } from './record.js';
import { flawOfLine, sayFlaw } from './shape.js';
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
  /** Lines the reading that was begun last has passed over so far, for they are no records. `replayAudit` of the reader tells of them. */
  readonly skipped: readonly SkippedLine[];
}

/** How every whole line ends. What does not was torn off by a kill. */
const WHOLE = /"check":"[0-9a-f]{8}"\}\s*$/;

class Reader implements AuditLogReader {
  skipped: SkippedLine[] = [];
  readonly #files: readonly string[];

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AuditRecord> {
    this.skipped = [];
    for (const file of this.#files) yield* this.#read(file);
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

  async *#read(file: string): AsyncGenerator<AuditRecord> {
    const { skipped } = this;
    let number = 0;
    let torn: SkippedLine | null = null;
    for await (const { text, isEnded } of linesOf(file)) {
      number += 1;
      if (text.trim() === '') continue;
      const read = parse(text);
      if (typeof read === 'string') {
        if (torn !== null) skipped.push(torn);
        torn = null;
        const line = { file, line: number, reason: read };
        if (WHOLE.test(text)) skipped.push(line);
        else if (isEnded) torn = line;
        continue;
      }
      // A process that was killed tore it, and the next began a run behind it.
      if (torn !== null && read.n !== 1) skipped.push(torn);
      torn = null;
      yield read;
    }
    if (torn !== null) skipped.push(torn);
  }
}

/** A record, or why the line is none. */
function parse(text: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const flaw = flawOfLine(value);
  if (flaw === null) return value as AuditRecord;
  return strangerTo((value as { v?: unknown } | null)?.v) ?? sayFlaw(flaw);
}

async function* linesOf(file: string): AsyncGenerator<{ text: string; isEnded: boolean }> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) yield { text, isEnded: true };
    }
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const advice = isMissing
      ? 'There is no such file: check its path'
      : 'Check that it is a file this process may read';
    throw new AuditError(
      isMissing ? 'NOT_FOUND' : 'CANNOT_READ',
      `The audit log ${file} cannot be read. ${advice} (${causeOf(cause)}).`,
      { value: file, cause },
    );
  }
  if (rest !== '') yield { text: rest, isEnded: false };
}

/**
 * Reads an audit log, or several as one: rotated files oldest first, `['audit.log.1', 'audit.log']`. Line by line with
 * `for await`, however long it is; as an array with `await`. A line that was torn by a kill is passed over; any other that
 * is no record is passed over too and told by `skipped`.
 * @throws AuditError `NOT_FOUND`, `CANNOT_READ`, when it is read
 */
export function readAuditLog(file: string | readonly string[]): AuditLogReader {
  return new Reader(typeof file === 'string' ? [file] : file);
}
