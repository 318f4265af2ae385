import { reportTo, type Logger } from '../util/logger.js';
import { AuditError } from './errors.js';

/** Where records go as lines of text. It never throws into the shard that caused them. */
export interface Sink {
  /** What waits to be written; Infinity where nothing can be any more. */
  readonly waitingBytes: number;
  /** Checksum of the last whole line that was there before; null where there was none. */
  readonly after: string | null;
  /** Takes a line, with its end. */
  write(line: string): void;
  /** Whether a line of this length belongs into the next file, and begins a run there. */
  isFull(bytes: number): boolean;
  /** What is written from now on belongs into the next file. */
  rotate(): void;
  /** Writes what waits and lets go. */
  close(): Promise<void>;
}

/** What has become of the records, and whom to tell. */
export class Account {
  written = 0;
  dropped = 0;
  /** Whether the last thing that was told is a loss that goes on. */
  isDropping = false;
  /** Tells the user, and never fails. */
  readonly report: (error: AuditError) => void;

  constructor(reporting: { logger?: Logger; onError?: (error: AuditError) => void }) {
    this.report = reportTo(reporting);
  }

  /** Counts a record that is lost. Said once, not once a record. */
  drop(message: string, cause?: unknown): void {
    this.dropped += 1;
    if (!this.isDropping) this.report(new AuditError('RECORDS_DROPPED', message, { cause }));
    this.isDropping = true;
  }
}
