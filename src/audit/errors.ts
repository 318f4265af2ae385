/** What an {@link AuditError} is about; stable, for programs. */
export type AuditErrorCode =
  | 'CANNOT_OPEN'
  | 'CANNOT_READ'
  | 'CANNOT_ROTATE'
  | 'CANNOT_WRITE'
  | 'CLOSED'
  | 'MOVED'
  | 'NOT_FOUND'
  | 'RECORDS_DROPPED';

/** Something is wrong with an audit log: a stable `code`, the offending `value`, and a message that says what to do next. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: AuditErrorCode;
  /** The file it is about; undefined for a stream. */
  readonly value: unknown;

  constructor(code: AuditErrorCode, message: string, details: { value?: unknown; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
  }
}

/** `ENOENT: no such file or directory` of an error of Node's. */
export const causeOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
