/** Kind of misuse a {@link SimulatorError} reports; stable, for programs. A client's mistake is a violation, never an error. */
export type SimulatorErrorCode =
  'CLOSED' | 'INVALID_ARGUMENT' | 'INVALID_FAULT' | 'INVALID_OPTION' | 'LISTEN_FAILED' | 'TIMEOUT';

/** Misuse of the simulator: a stable `code`, the offending `value`, and a message that says what to do next. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
  readonly code: SimulatorErrorCode;
  /** Value that was refused; never a token. */
  readonly value: unknown;

  constructor(code: SimulatorErrorCode, message: string, value?: unknown, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.value = value;
  }
}
