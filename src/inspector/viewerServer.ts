import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { createLimitedServer, LocalServer, type ListenFailure } from '../util/localhost/localServer.js';
import { hasManyHosts, isFromHere, loopbackHost } from '../util/localhost/loopback.js';
import type { Frame } from './conversion.js';
import { InspectorError } from './inspectorError.js';
import { BRIDGE_SCRIPT, BRIDGE_STYLE, bridgePage, contentSecurityPolicy } from './page.js';
import { PerSecond } from '../util/perSecond.js';
import { Backlog } from './backlog.js';

export interface ViewerServerOptions {
  readonly port: number;
  readonly host: string;
  readonly page: string;
  readonly warn: (message: string) => void;
}

/** Most bytes that wait for one viewer: a backlog and some seconds of a busy fleet. A viewer further behind has stalled. */
const MAX_BUFFERED_BYTES = 8_388_608;

const MAX_VIEWERS = 16;
/** Limit because each new viewer is sent the backlog, which takes time. */
const MAX_NEW_VIEWERS_PER_SECOND = 20;
const MAX_CONNECTIONS = 64;

/** Longest message from a viewer. All of them are ignored. */
const MAX_VIEWER_FRAME_BYTES = 65_536;

/** Server of the inspector's page at `/`, and of its messages over WebSockets at the same address, on this machine alone. */
export class ViewerServer {
  readonly backlog = new Backlog();
  readonly #options: ViewerServerOptions;
  readonly #server: LocalServer;
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_VIEWER_FRAME_BYTES,
  });
  readonly #viewers = new Set<WebSocket>();
  readonly #newViewers = new PerSecond(MAX_NEW_VIEWERS_PER_SECOND);

  constructor(options: ViewerServerOptions) {
    this.#options = options;
    const server = createLimitedServer((request, response) => this.#answer(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server = new LocalServer(server, { ...options, name: 'The inspector', maxConnections: MAX_CONNECTIONS });
  }

  /** URL of the page, `http://127.0.0.1:PORT/`; null while the server does not listen. */
  get url(): string | null {
    return this.#server.url;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** @throws InspectorError `PORT_IN_USE` or `CANNOT_LISTEN` */
  async listen(): Promise<void> {
    try {
      await this.#server.listen();
    } catch (error) {
      const { code, message, cause } = error as ListenFailure;
      throw new InspectorError(code, message, { value: this.#options.port, cause });
    }
  }

  publish(frame: Frame): void {
    this.backlog.add(frame);
    for (const viewer of this.#viewers) this.#send(viewer, frame.text);
  }

  /** Ends all connections. Never rejects. */
  async close(): Promise<void> {
    for (const viewer of this.#viewers) viewer.terminate();
    await this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { status, type, body } = this.#pageFor(request);
    response.writeHead(status, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
      'Content-Security-Policy': contentSecurityPolicy(this.#options.page, loopbackHost(request) ?? 'localhost'),
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      ...(status === 405 && { Allow: 'GET, HEAD' }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #pageFor(request: IncomingMessage): { status: number; type: string; body: string } {
    if (!isFromHere(request)) return plain(403, 'Open this page by the address that the inspector has printed.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Use GET or HEAD.');
    switch (request.url?.split('?', 1)[0]) {
      case '/':
        return { status: 200, type: 'text/html', body: bridgePage(this.#options.page) };
      case '/bridge.js':
        return { status: 200, type: 'text/javascript', body: BRIDGE_SCRIPT };
      case '/bridge.css':
        return { status: 200, type: 'text/css', body: BRIDGE_STYLE };
      default:
        return plain(404, 'The page is at /.');
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // The viewer may be gone before the answer.
    socket.on('error', () => {});
    if (hasManyHosts(request)) return refuse(socket, 400);
    if (!isFromHere(request)) return refuse(socket, 403);
    if (this.#viewers.size >= MAX_VIEWERS || !this.#newViewers.take()) return refuse(socket, 503);
    this.#upgrades.handleUpgrade(request, socket, head, (viewer) => this.#onViewer(viewer));
  }

  #onViewer(viewer: WebSocket): void {
    this.#viewers.add(viewer);
    viewer.on('close', () => this.#viewers.delete(viewer));
    // A frame that breaks the WebSocket protocol ends the viewer's connection.
    viewer.on('error', () => viewer.terminate());
    for (const text of this.backlog.texts()) this.#send(viewer, text);
  }

  #send(viewer: WebSocket, text: string): void {
    if (viewer.bufferedAmount <= MAX_BUFFERED_BYTES) return viewer.send(text, () => {});
    this.#viewers.delete(viewer);
    viewer.terminate();
    this.#options.warn('a viewer reads too slowly: its connection was closed. Reload its page.');
  }
}

/** Answers an upgrade and ends its connection, which the server no longer counts as one of its own. */
function refuse(socket: Duplex, status: number): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const plain = (status: number, hint: string) => ({
  status,
  type: 'text/plain',
  body: `${status} ${STATUS_CODES[status]}. ${hint}\n`,
});
