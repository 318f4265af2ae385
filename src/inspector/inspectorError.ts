import { CodedError } from '../util/errors.js';

/** Kind of failure an {@link InspectorError} reports; stable, for programs. */
export type InspectorErrorCode = 'CANNOT_LISTEN' | 'CANNOT_LOAD' | 'CLOSED' | 'PORT_IN_USE';

/** Failure to open or use the inspector: a stable `code`, the offending `value`, and a message that says what to do next. */
export class InspectorError extends CodedError<InspectorErrorCode> {
  override readonly name = 'InspectorError';
}
