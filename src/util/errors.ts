/** Codes of {@link ShardError}: stable, for programs. */
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
  | 'OVER_BUDGET'
  | 'PROXY_FAILED'
  | 'FLEET_TOTAL'
  | 'WORKER_TAKEN'
  | 'WORKER_LOST'
  | 'NOT_OWNED';

/** An error with a stable `code`, the offending `value`, and a message that says what to do next. */
export class CodedError<Code extends string, Value = unknown> extends Error {
  readonly code: Code;
  /** The value that was refused; never the token. */
  readonly value: Value;

  constructor(code: Code, message: string, details: { value?: Value; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.value = details.value as Value;
  }
}

/** Thrown where a shard refuses a call, or could not do it. */
export class ShardError extends CodedError<ShardErrorCode> {
  override readonly name: 'ShardError' | 'FatalShardError' = 'ShardError';
}

/** Thrown where the gateway refused the shard for good: no reconnect follows. */
export class FatalShardError extends ShardError {
  override readonly name = 'FatalShardError';
  /** The gateway's close code; null where the gateway has not closed. */
  readonly closeCode: number | null;
  readonly shardId: number;

  constructor(message: string, closeCode: number | null, shardId: number) {
    super('FATAL', message, { value: closeCode });
    this.closeCode = closeCode;
    this.shardId = shardId;
  }
}
