import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { supportsZstd } from '../connection/codec.js';
import { httpActionOf } from '../faults/faultActions.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import { GatewaySocket } from '../connection/gatewaySocket.js';
import { errorAnswer, type HttpAnswer, rawAnswer, readTarget, refusalAnswer } from './httpAnswer.js';

/** Upgrade request that may become a connection. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly compress: 'zlib-stream' | 'zstd-stream' | null;
}

/** Callback that makes a connection of an upgraded socket and returns its id. */
export type OnUpgraded = (request: UpgradeRequest, socket: GatewaySocket, tcp: Socket) => number;

/**
 * Answers WebSocket handshakes: 404 for an unknown path, 400 for an unknown encoding or compression. Discord's own answers to
 * these are not documented; an HTTP status is what a developer sees at once.
 */
export class Upgrades {
  readonly #gateway: Gateway;
  readonly #onUpgraded: OnUpgraded;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_MESSAGE_BYTES,
    WebSocket: GatewaySocket,
  });

  constructor(gateway: Gateway, onUpgraded: OnUpgraded) {
    this.#gateway = gateway;
    this.#onUpgraded = onUpgraded;
  }

  handle(request: IncomingMessage, tcp: Socket, head: Buffer): void {
    const { faults, recorder, timers } = this.#gateway;
    const { path, query } = readTarget(request.url);
    // The client may be gone before the answer.
    tcp.on('error', () => {});
    const fault = faults.take('upgrade', { shardId: null, url: path === RESUME_PATH ? 'resume' : 'gateway' });
    if (fault !== null) recorder.addLogEntry({ kind: 'fault', connection: null, shardId: null, fault });
    const action = fault === null ? null : httpActionOf(fault);
    const finish = (): void => {
      if (tcp.destroyed) return;
      if (action === null) this.#upgrade(path, query, request, tcp, head);
      else if ('refuse' in action) this.#refuse(path, refusalAnswer(action), tcp);
      else {
        if ('reset' in action) tcp.resetAndDestroy();
        this.#log(path, 'reset' in action ? 'reset' : 'hang', null);
      }
    };
    if (fault?.delay === undefined) finish();
    else timers.after(fault.delay, finish);
  }

  #upgrade(path: string, search: URLSearchParams, request: IncomingMessage, tcp: Socket, head: Buffer): void {
    const query = Object.fromEntries(search);
    const { compress = null, encoding = 'json' } = query;
    if (path !== '/' && path !== RESUME_PATH) this.#refuse(path, errorAnswer(404), tcp);
    else if (encoding !== 'json')
      this.#refuse(path, errorAnswer(400, 'The simulator knows encoding=json only. Connect with that.'), tcp);
    else if (compress !== null && compress !== 'zlib-stream' && compress !== 'zstd-stream') {
      this.#refuse(path, errorAnswer(400, 'compress must be zlib-stream or zstd-stream, or be left out.'), tcp);
    } else if (compress === 'zstd-stream' && !supportsZstd) {
      this.#refuse(
        path,
        errorAnswer(400, 'zstd-stream needs a simulator on Node 22.15 or later. Connect with zlib-stream.'),
        tcp,
      );
    } else {
      this.#server.handleUpgrade(request, tcp, head, (socket) => {
        this.#log(path, 101, this.#onUpgraded({ path, query, compress }, socket, tcp));
      });
    }
  }

  #refuse(path: string, answer: HttpAnswer, tcp: Socket): void {
    tcp.end(rawAnswer(answer));
    this.#log(path, answer.status, null);
  }

  #log(path: string, outcome: number | 'hang' | 'reset', connection: number | null): void {
    this.#gateway.recorder.addLogEntry({ kind: 'upgrade', path, outcome, connection });
  }
}

/** Limit far above the 4096 bytes that are allowed: a payload has to arrive before it can be refused with 4002. */
const MAX_CLIENT_MESSAGE_BYTES = 1_048_576;
