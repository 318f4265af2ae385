import { CodedError } from '../util/errors.js';

/** Codes of {@link AuditError}: stable, for programs. */
export type AuditErrorCode =
  | 'CANNOT_OPEN'
  | 'CANNOT_READ'
  | 'CANNOT_ROTATE'
  | 'CANNOT_WRITE'
  | 'CLOSED'
  | 'MOVED'
  | 'NOT_FOUND'
  | 'RECORDS_DROPPED';

/** An error of an audit log, with a stable `code`, the offending `value` and a message that says what to do next. */
export class AuditError extends CodedError<AuditErrorCode> {
  override readonly name = 'AuditError';
}
