/** What a {@link SessionStoreError} is about; stable, for programs. */
export type SessionStoreErrorCode =
  'CANNOT_READ' | 'CANNOT_WRITE' | 'CLOSED' | 'IN_USE' | 'OTHER_TOTAL' | 'OTHER_WRITER' | 'UNUSABLE';

/** Something is wrong with a file of sessions: a stable `code`, the file, and a message that says what to do next. */
export class SessionStoreError extends Error {
  override readonly name = 'SessionStoreError';
  readonly code: SessionStoreErrorCode;
  /** The file it is about. */
  readonly value: string;

  constructor(code: SessionStoreErrorCode, message: string, details: { value: string; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
  }
}
