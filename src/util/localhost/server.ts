import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface LocalServerParts {
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
  /** What it is, for messages: `The inspector`. */
  readonly name: string;
  readonly maxConnections: number;
  readonly warn: (message: string) => void;
}

/** Why a server does not listen. */
export class ListenFailure extends Error {
  readonly code: 'PORT_IN_USE' | 'CANNOT_LISTEN';

  constructor({ name, port, host }: LocalServerParts, cause: NodeJS.ErrnoException) {
    const isInUse = cause.code === 'EADDRINUSE';
    const message = isInUse
      ? `Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.`
      : `${name} cannot listen on ${host}:${port}: ${cause.message}.`;
    super(message, { cause });
    this.code = isInUse ? 'PORT_IN_USE' : 'CANNOT_LISTEN';
  }
}

/** A request that has not arrived whole after this time is ended with 408. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Node looks for late requests this often. Its default of 30 s would let half a request hold a connection for 40 s. */
const CHECK_INTERVAL_MS = 2_000;

/** A connection is closed after this many requests; a browser opens another. */
const MAX_REQUESTS_PER_CONNECTION = 100;

/** Makes an HTTP server whose connections cannot be held by requests that arrive slowly or not at all. */
export function createLimitedServer(listener: RequestListener): Server {
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const server = createServer(limits, listener);
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.on('dropRequest', (_request, socket) => socket.destroy());
  return server;
}

/** An HTTP server beside a bot: it keeps no process alive, and takes its connections with it when it goes. */
export class LocalServer {
  readonly #server: Server;
  readonly #parts: LocalServerParts;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, parts: LocalServerParts) {
    this.#server = server;
    this.#parts = parts;
    server.maxConnections = parts.maxConnections;
    server.on('connection', (socket) => this.#connected(socket));
  }

  /** Null while it does not listen. */
  get port(): number | null {
    return (this.#server.address() as AddressInfo | null)?.port ?? null;
  }

  /** `http://127.0.0.1:PORT/`; null while it does not listen. */
  get url(): string | null {
    const { host } = this.#parts;
    return this.port === null ? null : `http://${host.includes(':') ? `[${host}]` : host}:${this.port}/`;
  }

  /** @throws ListenFailure */
  listen(): Promise<void> {
    const { port, host, name, warn } = this.#parts;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => reject(new ListenFailure(this.#parts, cause));
      server.once('error', refused);
      server.listen({ port, host }, () => {
        server.off('error', refused);
        server.on('error', (error) => warn(`${name}'s server: ${error.message}`));
        resolve();
      });
      // A bot that is done ends, whoever watches it.
      server.unref();
    });
  }

  /** Ends all connections. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    socket.unref();
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
