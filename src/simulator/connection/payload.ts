import { Opcode } from '../../protocol/opcodes.js';
import { isRecord } from '../../util/predicates.js';
import { REDACTED } from '../records/records.js';

/** What a client sent, read as leniently as recording needs it. */
export interface ClientPayload {
  /** False where it was not a JSON object with a whole `op`. */
  readonly isValid: boolean;
  readonly op: number | null;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
}

export function readPayload(data: Buffer): ClientPayload {
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

/** The `d` of a payload as it may be recorded: without the token, and of one that authenticates nothing but an object. */
export function redact(op: number | null, d: unknown): unknown {
  if (isRecord(d)) return 'token' in d ? { ...d, token: REDACTED } : d;
  return op === Opcode.Identify || op === Opcode.Resume ? REDACTED : d;
}

/** A frame with its keys in Discord's order, from `d` as JSON. */
export function frameText(op: number, t: string | null, s: number | null, json: string): string {
  return `{"t":${t === null ? 'null' : JSON.stringify(t)},"s":${s},"op":${op},"d":${json}}`;
}
