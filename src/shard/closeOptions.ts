import { ShardError } from '../util/errors.js';
import { RESUMABLE_CLOSE } from '../protocol/closeCodes.js';
import { MAX_CLOSE_REASON_BYTES } from '../protocol/limits.js';

/** Whether a client may close a WebSocket with this, before the socket is asked to. */
export function checkClose(code: unknown, reason: unknown): void {
  const allowed =
    code === 1000 || code === 1001 || (Number.isInteger(code) && Number(code) >= 3000 && Number(code) <= 4999);
  if (!allowed) {
    throw new ShardError(
      'INVALID_OPTION',
      'A client closes with 1000 or 1001, which end the session, or with 3000 to 4999, which keep it.',
      { value: code },
    );
  }
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw new ShardError('INVALID_OPTION', `A close reason is a string of at most ${MAX_CLOSE_REASON_BYTES} bytes.`, {
      value: reason,
    });
  }
}

/** Options of `shutdown` of a shard and of a manager. */
export interface ShutdownOptions {
  /** True keeps the session: the default code is 4900 then, and 1000 otherwise. */
  resumable?: boolean;
  code?: number;
  reason?: string;
}

/** @throws ShardError `INVALID_OPTION` */
export function resolveShutdown({
  resumable = false,
  code = resumable ? RESUMABLE_CLOSE : 1000,
  reason = 'shutdown requested',
}: ShutdownOptions): { readonly code: number; readonly reason: string } {
  checkClose(code, reason);
  return { code, reason };
}
