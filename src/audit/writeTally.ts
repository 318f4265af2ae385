import { reportTo, type Logger } from '../util/logger.js';
import { AuditError } from './errors.js';

/** Counts the records that were written and those that were lost, and reports trouble to the user. */
export class WriteTally {
  written = 0;
  dropped = 0;
  /** True from the first record of a loss to the next one that is taken: a loss is reported once. */
  isDropping = false;
  /** Reports to `onError`, the logger, or as a warning of the process. Never throws. */
  readonly report: (error: AuditError) => void;

  constructor(reporting: { logger?: Logger; onError?: (error: AuditError) => void }) {
    this.report = reportTo(reporting);
  }

  drop(message: string, cause?: unknown): void {
    this.dropped += 1;
    if (!this.isDropping) this.report(new AuditError('RECORDS_DROPPED', message, { cause }));
    this.isDropping = true;
  }
}
