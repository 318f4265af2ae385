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
  | 'BUFFER_OVERFLOW'
  | 'UNKNOWN_SHARD'
  | 'BUSY'
  | 'OVER_BUDGET';

/** An error for programs and people: a stable `code`, the offending `value`, and a message that says what to do next. */
export class CodedError<Code extends string, Value = unknown> extends Error {
  readonly code: Code;
  /** What was refused or is wrong; never the token. */
  readonly value: Value;

  constructor(code: Code, message: string, details: { value?: Value; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value as Value;
  }
}

/** What a shard refuses, or could not do. */
export class ShardError extends CodedError<ShardErrorCode> {
  override readonly name = 'ShardError';
}

/** The gateway refused the shard for good: no reconnect follows. */
export class FatalShardError extends ShardError {
  /** The close code, or null where it was not the gateway that gave up. */
  readonly closeCode: number | null;
  readonly shardId: number;

  constructor(message: string, closeCode: number | null, shardId: number) {
    super('FATAL', message, { value: closeCode });
    this.closeCode = closeCode;
    this.shardId = shardId;
  }
}
