import { Opcode } from '../../protocol/opcodes.js';
import { isRecord } from '../../util/predicates.js';
import { REDACTED } from '../records/records.js';

/** Client's message, read leniently: a broken one is recorded as well. */
export interface ClientPayload {
  /** False where the message was not a JSON object with an integer `op`. */
  readonly isValid: boolean;
  readonly op: number | null;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
}

export function readClientPayload(data: Buffer): ClientPayload {
  let value: unknown;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch {
    return { isValid: false, op: null, t: null, s: null, d: null };
  }
  if (!isRecord(value)) return { isValid: false, op: null, t: null, s: null, d: null };
  const { op, t, s, d = null } = value;
  return {
    isValid: Number.isInteger(op),
    op: typeof op === 'number' ? op : null,
    t: typeof t === 'string' ? t : null,
    s: typeof s === 'number' ? s : null,
    d,
  };
}

/** Returns a payload's `d` for the records: a token is replaced, and so is an IDENTIFY's or RESUME's `d` that is not an object. */
export function redact(op: number | null, d: unknown): unknown {
  if (isRecord(d)) return 'token' in d ? { ...d, token: REDACTED } : d;
  return op === Opcode.Identify || op === Opcode.Resume ? REDACTED : d;
}
