import { CodedError } from '../util/errors.js';

/** What a {@link SessionStoreError} is about; stable, for programs. */
export type SessionStoreErrorCode =
  'CANNOT_READ' | 'CANNOT_WRITE' | 'CLOSED' | 'IN_USE' | 'OTHER_TOTAL' | 'OTHER_WRITER' | 'UNUSABLE';

/** Something is wrong with a file of sessions: a stable `code`, the file, and a message that says what to do next. */
export class SessionStoreError extends CodedError<SessionStoreErrorCode, string> {
  override readonly name = 'SessionStoreError';
}
