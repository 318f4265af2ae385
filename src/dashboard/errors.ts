import { CodedError } from '../util/errors.js';

/** Stable codes of {@link DashboardError}, for programs. */
export type DashboardErrorCode = 'CANNOT_LISTEN' | 'CANNOT_LOAD' | 'CLOSED' | 'PORT_IN_USE';

/**
 * The dashboard could not be opened. Has a stable `code`, the offending `value`, and a message that says what to do
 * next.
 */
export class DashboardError extends CodedError<DashboardErrorCode> {
  override readonly name = 'DashboardError';
}
