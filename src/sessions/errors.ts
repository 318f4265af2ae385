import { CodedError } from '../util/errors.js';

/** Codes of {@link SessionStoreError}: stable, for programs. */
export type SessionStoreErrorCode =
  'CANNOT_READ' | 'CANNOT_WRITE' | 'CLOSED' | 'IN_USE' | 'OTHER_TOTAL' | 'OTHER_WRITER' | 'UNUSABLE';

/** An error of a session file, with a stable `code`, the file's path as `value`, and a message that says what to do next. */
export class SessionStoreError extends CodedError<SessionStoreErrorCode, string> {
  override readonly name = 'SessionStoreError';
}
