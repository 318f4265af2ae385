import type { IncomingMessage } from 'node:http';
import { isRecord, isWhole } from '../../util/predicates.js';
import { REDACTED } from '../records/records.js';
import { type HttpAnswer, jsonAnswer, readTarget } from './httpAnswer.js';

/** Request to the HTTP API, as the option `api` gets it. */
export interface ApiRequest {
  readonly method: string;
  /** Path behind `/api/v10`: `/channels/7/messages`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Headers by their names in lower case, without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; a Buffer for any other content type; null where the request has no body. */
  readonly body: unknown;
}

/** Answer to a request. */
export interface ApiAnswer {
  /** HTTP status; default 200, or 204 without a body. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/**
 * Answers a request to the HTTP API. Undefined answers 404, as Discord does for an unknown path. An error that is thrown
 * answers 500 and is reported as a Node warning.
 */
export type ApiRoute = (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer | undefined> | undefined;

/** Largest body that is read: more than Discord takes for files. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Interaction and webhook tokens stand behind an id in the path. */
const TOKEN_IN_PATH = /(\/(?:interactions|webhooks)\/\d+\/)[^/]+/;

/** Hides the token of an interaction or a webhook in a path. */
export const withoutToken = (path: string): string => path.replace(TOKEN_IN_PATH, `$1${REDACTED}`);

/** Reads a request for the option `api`; null where its body is too large. */
export async function readRequest(request: IncomingMessage, path: string): Promise<ApiRequest | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  const { authorization: _, ...headers } = request.headers;
  return {
    method: request.method ?? 'GET',
    path,
    query: Object.fromEntries(readTarget(request.url).query),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: bodyOf(Buffer.concat(chunks), String(headers['content-type'] ?? '')),
  };
}

/** @throws TypeError where an answer is none. */
export function answerOf(answer: ApiAnswer): HttpAnswer {
  const wrong = isRecord(answer) ? Object.keys(answer).find((name) => !FIELDS.has(name)) : 'no object';
  if (wrong !== undefined) {
    throw new TypeError(`the answer has ${wrong}. Return { status, headers, body }, or undefined for 404`);
  }
  const { body, status = body === undefined ? 204 : 200, headers = {} } = answer;
  if (!isWhole(status, 200, 599)) throw new TypeError('`status` of the answer must be a number from 200 to 599');
  return body === undefined ? { status, headers, body: '' } : jsonAnswer(status, body, { ...headers });
}

const FIELDS: ReadonlySet<string> = new Set(['status', 'headers', 'body'] satisfies (keyof ApiAnswer)[]);

function bodyOf(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return null;
  if (!contentType.startsWith('application/json')) return bytes;
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return bytes;
  }
}
