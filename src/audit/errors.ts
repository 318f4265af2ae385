import { CodedError } from '../util/errors.js';

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
export class AuditError extends CodedError<AuditErrorCode> {
  override readonly name = 'AuditError';
}
