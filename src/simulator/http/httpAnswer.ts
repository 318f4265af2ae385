import { STATUS_CODES } from 'node:http';
import type { Refuse } from '../faults/faults.js';

/** An HTTP answer as Discord gives it: JSON, and `Retry-After` in seconds where it asks for patience. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(status: number, value: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** Discord's error body: `{"message":"401: Unauthorized","code":0}`. */
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

/** Path and query of a request line. It is not parsed as a URL, for there are request lines that are none. */
export function readTarget(target = '/'): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return { path: path.replace(/(?<=.)\/+$/, ''), query: new URLSearchParams(at < 0 ? '' : target.slice(at)) };
}

/** The answer as bytes, for a socket that was to be upgraded and has no response object. */
export function rawAnswer({ status, headers, body }: HttpAnswer): string {
  const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, ...lines, '', body].join('\r\n');
}
