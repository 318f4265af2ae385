/** Dispatch without its sequence number: one object for all the sessions it goes to. */
export interface DispatchPayload {
  readonly t: string;
  readonly d: unknown;
  /** Payload's `d` as JSON. */
  readonly json: string;
}

/** @throws TypeError where JSON cannot represent `d`. */
export function dispatchPayload(t: string, d: unknown): DispatchPayload {
  return { t, d, json: JSON.stringify(d) ?? 'null' };
}
