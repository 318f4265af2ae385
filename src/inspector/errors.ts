import { CodedError } from '../util/errors.js';

/** What an {@link InspectorError} is about; stable, for programs. */
export type InspectorErrorCode = 'CANNOT_LISTEN' | 'CANNOT_LOAD' | 'CLOSED' | 'PORT_IN_USE';

/** The inspector could not be opened or used: a stable `code`, the offending `value`, and a message that says what to do next. */
export class InspectorError extends CodedError<InspectorErrorCode> {
  override readonly name = 'InspectorError';
}
