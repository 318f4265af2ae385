/** What a {@link ShardError} is about; stable, for programs. */
export type ShardErrorCode =
  | 'INVALID_OPTION'
  | 'UNSUPPORTED_COMPRESSION'
  | 'INVALID_PAYLOAD'
  | 'PAYLOAD_TOO_LARGE'
  | 'QUEUE_FULL'
  | 'NO_SESSION'
  | 'NOT_CONNECTED'
  | 'CLOSED'
  | 'FATAL'
  | 'TIMED_OUT'
  | 'RATE_LIMITED'
  | 'SESSION_LOST'
  | 'BUFFER_OVERFLOW';

/** Every error this library raises: a stable `code`, the offending `value`, and a message that says what to do next. */
export class ShardError extends Error {
  override readonly name = 'ShardError';
  readonly code: ShardErrorCode;
  /** What was refused; never the token. */
  readonly value: unknown;

  constructor(code: ShardErrorCode, message: string, details: { value?: unknown; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value;
  }
}

/** The gateway refused the shard for good: no reconnect follows. */
export class FatalShardError extends ShardError {
  /** The close code, or null where it was not the gateway that gave up. */
  readonly closeCode: number | null;

  constructor(message: string, closeCode: number | null) {
    super('FATAL', message, { value: closeCode });
    this.closeCode = closeCode;
  }
}
