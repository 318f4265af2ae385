import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../messageOf.js';
import { hasManyHosts } from './loopback.js';

export interface LocalServerOptions {
  /** Port to listen on; 0 takes any free one. */
  readonly port: number;
  readonly host: string;
  /** Subject of the messages: `The inspector`. */
  readonly name: string;
  readonly maxConnections: number;
  readonly warn: (message: string) => void;
}

/** Thrown when a server cannot listen; the message says why. */
export class ListenFailure extends Error {
  readonly code: 'PORT_IN_USE' | 'CANNOT_LISTEN';

  constructor({ name, port, host }: LocalServerOptions, cause: NodeJS.ErrnoException) {
    const isPortInUse = cause.code === 'EADDRINUSE';
    const message = isPortInUse
      ? `Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.`
      : `${name} cannot listen on ${host}:${port}: ${messageOf(cause)}.`;
    super(message, { cause });
    this.code = isPortInUse ? 'PORT_IN_USE' : 'CANNOT_LISTEN';
  }
}

/** A request that has not arrived whole after this time is ended with 408. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Node looks for late requests this often. Its default of 30 s would let half a request hold a connection for 40 s. */
const CHECK_INTERVAL_MS = 2_000;

/** A connection is closed after this many requests; a browser opens another. */
const MAX_REQUESTS_PER_CONNECTION = 100;

/**
 * Makes an HTTP server whose connections cannot be held by requests that arrive slowly or not at all, and that answers 400 to a
 * request with more than one Host header (RFC 9112, 3.2): of two, a check could read another one than a proxy did.
 */
export function createLimitedServer(listener: RequestListener): Server {
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const server = createServer(limits, (request, response) => {
    if (hasManyHosts(request)) response.writeHead(400, { Connection: 'close' }).end();
    else listener(request, response);
  });
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.on('dropRequest', (_request, socket) => socket.destroy());
  return server;
}

/** An HTTP server beside a bot. It keeps no process alive, and its connections end when it closes. */
export class LocalServer {
  readonly #server: Server;
  readonly #options: LocalServerOptions;

  constructor(server: Server, options: LocalServerOptions) {
    this.#server = server;
    this.#options = options;
    server.maxConnections = options.maxConnections;
    // A process that has nothing else to do ends, whatever is connected.
    server.on('connection', (socket) => socket.unref());
  }

  /** Null while it does not listen. */
  get port(): number | null {
    return (this.#server.address() as AddressInfo | null)?.port ?? null;
  }

  /** `http://127.0.0.1:PORT/`; null while it does not listen. */
  get url(): string | null {
    const { host } = this.#options;
    return this.port === null ? null : `http://${host.includes(':') ? `[${host}]` : host}:${this.port}/`;
  }

  /** @throws ListenFailure */
  listen(): Promise<void> {
    const { port, host, name, warn } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException) => reject(new ListenFailure(this.#options, cause));
      server.once('error', onError);
      server.listen({ port, host }, () => {
        server.off('error', onError);
        server.on('error', (error) => warn(`${name}'s server: ${messageOf(error)}`));
        resolve();
      });
      // A bot that has nothing else to do ends, whether or not a viewer is connected.
      server.unref();
    });
  }

  /** Ends all connections, except those that were upgraded: they belong to the listener of `upgrade`. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
