import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeFleetIncident, FleetIncidents } from '../../../fleet/fleetIncidents.js';
import type { FleetStatus } from '../../../fleet/fleetStatus.js';
import { createLimitedServer, LocalServer } from '../../../util/localhost/localServer.js';
import { isFromHere } from '../../../util/localhost/loopback.js';
import { messageOf } from '../../../util/messageOf.js';
import { FLEET_PAGE, FLEET_SCRIPT, FLEET_STYLE } from './fleetPage.js';

export interface FleetServerOptions {
  readonly port: number;
  readonly status: () => Promise<FleetStatus>;
  readonly warn: (message: string) => void;
}

/** Time between two looks at the fleet: the times of incidents are this precise. */
const LOOK_MS = 500;
const MAX_CONNECTIONS = 64;
const SHOWN_INCIDENTS = 50;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const files: Readonly<Record<string, Omit<Answer, 'status'>>> = {
  '/': { type: 'text/html', body: FLEET_PAGE },
  '/fleet.js': { type: 'text/javascript', body: FLEET_SCRIPT },
  '/fleet.css': { type: 'text/css', body: FLEET_STYLE },
};

/** Serves the page of a fleet on this machine alone, and looks at the fleet for incidents. */
export class FleetServer {
  readonly #options: FleetServerOptions;
  readonly #server: LocalServer;
  readonly #incidents = new FleetIncidents();
  #timer: NodeJS.Timeout | null = null;
  #status: FleetStatus | null = null;
  #error = 'the fleet has not been asked yet';
  #isClosed = false;

  constructor(options: FleetServerOptions) {
    this.#options = options;
    const server = createLimitedServer((request, response) => this.#answer(request, response));
    const { port, warn } = options;
    const settings = { port, host: '127.0.0.1', name: 'The page of the fleet', maxConnections: MAX_CONNECTIONS, warn };
    this.#server = new LocalServer(server, settings);
  }

  get url(): string | null {
    return this.#server.url;
  }

  /** @throws ListenFailure */
  async listen(): Promise<void> {
    await this.#server.listen();
    await this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#server.close();
  }

  async #look(): Promise<void> {
    try {
      const status = await this.#options.status();
      this.#status = status;
      this.#incidents.take(status, Date.now());
    } catch (error) {
      this.#status = null;
      this.#error = messageOf(error);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { status, type, body } = this.#answerTo(request);
    response.writeHead(status, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
      'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #answerTo(request: IncomingMessage): Answer {
    if (!isFromHere(request)) return plain(403, 'Open this page by the address that was printed.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Use GET or HEAD.');
    const path = request.url?.split('?', 1)[0] ?? '/';
    if (path === '/status.json') return this.#statusAnswer();
    const file = files[path];
    return file === undefined ? plain(404, 'The page is at /.') : { status: 200, ...file };
  }

  #statusAnswer(): Answer {
    const type = 'application/json';
    if (this.#status === null) return { status: 503, type, body: JSON.stringify({ error: this.#error }) };
    const newest = this.#incidents.list.slice(-SHOWN_INCIDENTS).toReversed();
    const incidents = newest.map((incident) => ({ at: incident.at, text: describeFleetIncident(incident) }));
    return { status: 200, type, body: JSON.stringify({ at: Date.now(), status: this.#status, incidents }) };
  }
}

const plain = (status: number, body: string): Answer => ({ status, type: 'text/plain', body: `${body}\n` });
