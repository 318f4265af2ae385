/** What went wrong in the use of the simulator; a client's mistakes are violations, never errors. */
export type SimulatorErrorCode =
  'CLOSED' | 'INVALID_ARGUMENT' | 'INVALID_FAULT' | 'INVALID_OPTION' | 'LISTEN_FAILED' | 'TIMEOUT';

/** A misuse of the simulator: which one, the value that caused it, and in the message what to do. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
  readonly code: SimulatorErrorCode;
  /** The value that was refused; never a token. */
  readonly value: unknown;

  constructor(code: SimulatorErrorCode, message: string, value?: unknown, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.value = value;
  }
}
