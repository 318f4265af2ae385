import { STATUS_CODES } from 'node:http';
import type { Refuse } from '../faults/faults.js';

/** HTTP answer with a JSON body, like Discord's. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(status: number, value: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** Answer with Discord's error body: `{"message":"401: Unauthorized","code":0}`. */
export function errorAnswer(status: number, message = `${status}: ${STATUS_CODES[status] ?? 'Error'}`): HttpAnswer {
  return jsonAnswer(status, { message, code: 0 });
}

export function refusalAnswer({ refuse: status, retryAfter }: Refuse): HttpAnswer {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  if (status !== 429) return { ...errorAnswer(status), headers: { ...errorAnswer(status).headers, ...headers } };
  return jsonAnswer(
    429,
    { message: 'You are being rate limited.', retry_after: retryAfter ?? 1, global: false },
    headers,
  );
}

/** Reads path and query of a request line. A request line need not be a URL, so it is not parsed as one. */
export function readTarget(target = '/'): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return { path: path.replace(/(?<=.)\/+$/, ''), query: new URLSearchParams(at < 0 ? '' : target.slice(at)) };
}

/** Writes an answer as text, for an upgrade's socket, which has no response object. */
export function rawAnswer({ status, headers, body }: HttpAnswer): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, ...lines, '', body].join('\r\n');
}
