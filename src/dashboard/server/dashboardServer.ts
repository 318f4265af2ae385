import type { IncomingMessage, ServerResponse } from 'node:http';
import { createLimitedServer, LocalServer, type ListenFailure } from '../../util/localhost/localServer.js';
import { LOOPBACK } from '../../util/localhost/loopback.js';
import { Access } from './access.js';
import { DashboardError } from '../errors.js';
import { loadPageFiles, type PageFiles } from './pageFiles.js';
import type { ResolvedServerOptions } from '../options.js';
import type { Source } from '../source.js';
import { EventStreams } from './eventStreams.js';
import { messageOf } from '../../util/messageOf.js';

const MAX_CONNECTIONS = 64;
const MAX_URL_LENGTH = 2_048;
const MAX_BODY_BYTES = 1_024;

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json';

const json = (status: number, value: unknown, headers?: Answer['headers']): Answer => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
  ...(headers !== undefined && { headers }),
});
const refusal = (status: number, error: string, headers?: Answer['headers']) => json(status, { error }, headers);

const nothingHere = refusal(404, 'There is nothing at this path. The page is at /.');
const crowded = refusal(503, 'Too many pages show this dashboard. Close another one, or try again in a second.', {
  'Retry-After': '1',
});
/** A client that does not read its answers would let them pile up, and open streams without an end. */
const queued = refusal(
  429,
  'A connection takes one request at a time. Wait for the answer, or open another connection.',
  {
    Connection: 'close',
  },
);
const notUnderstood = refusal(
  400,
  'The path or the shard in it is invalid. A shard is written as 7, or as +7 in the other set.',
);

/** `/shards/7/commands/reconnect`. */
const CONTROL = /^\/shards\/([^/]+)\/(commands|faults)\/([^/]+)$/;
const SHARD_KEY = /^\+?\d{1,9}$/;

/** Serves the page, its data and the event stream to clients that have access. */
export class DashboardServer {
  readonly #source: Source;
  readonly #options: ResolvedServerOptions;
  readonly #warn: (message: string) => void;
  readonly #access: Access;
  readonly #streams: EventStreams | null;
  readonly #server: LocalServer;
  #files: PageFiles = new Map();

  constructor(source: Source, options: ResolvedServerOptions, warn: (message: string) => void) {
    this.#source = source;
    this.#options = options;
    this.#warn = warn;
    this.#access = new Access({ token: options.token, isLoopback: LOOPBACK.has(options.host) });
    this.#streams = source.follow === null ? null : new EventStreams(source.follow, warn);
    const server = createLimitedServer((request, response) => void this.#handle(request, response));
    this.#server = new LocalServer(server, {
      port: options.port,
      host: options.host,
      name: 'The dashboard',
      maxConnections: MAX_CONNECTIONS,
      warn,
    });
  }

  /** URL of the page, with the token where one is needed; null while it does not listen. */
  get url(): string | null {
    const { token } = this.#options;
    // A browser cannot open an address that stands for all interfaces.
    const url = this.#server.url?.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:') ?? null;
    return url === null || token === null ? url : `${url}?token=${token}`;
  }

  get viewers(): number {
    return this.#streams?.size ?? 0;
  }

  /** @throws DashboardError `PORT_IN_USE`, `CANNOT_LISTEN`, `CANNOT_LOAD` */
  async listen(): Promise<void> {
    this.#files = await loadPageFiles();
    try {
      await this.#server.listen();
    } catch (error) {
      const { code, message, cause } = error as ListenFailure;
      throw new DashboardError(code, message, { value: this.#options.port, cause });
    }
  }

  /** Ends all connections. Never rejects. */
  async close(): Promise<void> {
    this.#streams?.close();
    await this.#server.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that has gone needs no answer.
    response.on('error', () => {});
    let answer: Answer | null;
    try {
      // Null while an earlier answer on this connection is unfinished.
      const isQueued = response.socket === null;
      answer = isQueued ? queued : await this.#answer(request, response);
    } catch (error) {
      // The client has gone, and the answer was stopped for that.
      if (response.destroyed && (error as Error).name === 'AbortError') return;
      this.#warn(`a request failed: ${messageOf(error)}`);
      // Headers were sent: the answer is a stream that failed.
      if (response.headersSent) return void response.destroy();
      answer = refusal(500, 'The request failed. The log of the bot has the reason.');
    }
    if (answer === null || response.destroyed) return;
    const { status, type, body = '', headers } = answer;
    response.writeHead(status, {
      ...HEADERS,
      ...headers,
      ...(type !== undefined && { 'Content-Type': `${type}; charset=utf-8` }),
      'Content-Length': Buffer.byteLength(body),
      // The rest of a request body is not read.
      ...(!request.complete && { Connection: 'close' }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  /** Null where the answer is a stream that has begun. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | null> {
    const verdict = this.#access.judge(request);
    if (verdict.kind === 'refuse') {
      return refusal(verdict.status, verdict.error, verdict.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});
    }
    if (verdict.kind === 'enter') return { status: 303, headers: { Location: '/', 'Set-Cookie': verdict.cookie } };
    const { url = '', method } = request;
    if (url.length > MAX_URL_LENGTH)
      return refusal(414, `The path is too long. It may have up to ${MAX_URL_LENGTH} characters.`);
    const [path = '', query = ''] = url.split('?', 2);
    const control = CONTROL.exec(path);
    if (control !== null) return method === 'POST' ? this.#control(request, control) : allowed('POST');
    if (method !== 'GET' && method !== 'HEAD') return allowed('GET, HEAD');
    if (path === '/setup') return json(200, this.#source.setup);
    if (path === '/events' && this.#streams !== null) return this.#stream(this.#streams, request, response, query);
    const file = this.#files.get(path);
    if (file !== undefined) return { status: 200, ...file };
    const body = (await this.#source.json?.(path, goneSignal(response))) ?? null;
    return body === null ? nothingHere : { status: 200, type: JSON_TYPE, body };
  }

  #stream(streams: EventStreams, { method }: IncomingMessage, response: ServerResponse, query: string): Answer | null {
    const key = keyOf(query);
    if (key === undefined) return notUnderstood;
    const headers = { ...HEADERS, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };
    if (method === 'HEAD') return { status: 200, headers };
    if (!streams.admits()) return crowded;
    response.writeHead(200, headers);
    streams.open(response, key);
    return null;
  }

  async #control(request: IncomingMessage, [, key, kind, name]: RegExpExecArray): Promise<Answer> {
    const { controls } = this.#source;
    if (controls === null) return refusal(403, 'Controls are off. Serve the dashboard with `controls: true`.');
    if (request.headers.origin === undefined)
      return refusal(403, "Only this dashboard's own page may do this. Use its buttons.");
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return refusal(415, 'The body must be JSON. Send it as `Content-Type: application/json`.');
    }
    if (!(await isSmall(request)))
      return refusal(413, `The body is too large. It may have up to ${MAX_BODY_BYTES} bytes.`);
    const [shard, wanted] = [unescaped(key), unescaped(name)];
    if (shard === undefined || wanted === undefined || !SHARD_KEY.test(shard)) return notUnderstood;
    const { status, error } = await controls.run(shard, kind as 'commands' | 'faults', wanted);
    return json(status, error === undefined ? {} : { error });
  }
}

/** A signal that is aborted when the client has gone. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return gone.signal;
}

const allowed = (methods: string) =>
  refusal(405, `The method is not allowed here. Use ${methods}.`, { Allow: methods });

/** Key in `?shard=KEY`; null without one, undefined for an invalid one. A plus sign stays a plus sign. */
function keyOf(query: string): string | null | undefined {
  const [, value] = /(?:^|&)shard=([^&]*)/.exec(query) ?? [];
  if (value === undefined || value === '') return null;
  const key = unescaped(value);
  return key !== undefined && SHARD_KEY.test(key) ? key : undefined;
}

function unescaped(text = ''): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads and drops the body; false where it is too large. */
function isSmall(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) return;
      request.pause();
      resolve(false);
    });
    request.on('end', () => resolve(true));
    request.on('close', () => resolve(false));
  });
}
