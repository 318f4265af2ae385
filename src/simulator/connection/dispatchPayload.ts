import { SimulatorError } from '../simulatorError.js';

/** Dispatch without its sequence number: one object for all the sessions it goes to. */
export interface DispatchPayload {
  readonly t: string;
  readonly d: unknown;
  /** Payload's `d` as JSON. */
  readonly json: string;
}

/** @throws SimulatorError `INVALID_ARGUMENT` where `t` is not a name, or JSON cannot represent `d`. */
export function dispatchPayload(t: string, d: unknown): DispatchPayload {
  if (typeof t !== 'string' || t === '') {
    throw new SimulatorError('INVALID_ARGUMENT', "`t` must be an event name, such as 'MESSAGE_CREATE'.", t);
  }
  try {
    return { t, d, json: JSON.stringify(d) ?? 'null' };
  } catch (error) {
    const message = `\`d\` of ${t} cannot be written as JSON. Pass plain data.`;
    throw new SimulatorError('INVALID_ARGUMENT', message, d, error);
  }
}
