import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { supportsZstd } from '../connection/codec.js';
import { httpActionOf } from '../faults/faultActions.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import { GatewaySocket } from '../connection/gatewaySocket.js';
import { errorAnswer, type HttpAnswer, rawAnswer, readTarget, refusalAnswer } from './httpAnswer.js';

/** An upgrade that may become a connection. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly compress: 'zlib-stream' | 'zstd-stream' | null;
}

/** Makes a connection of an upgraded socket and returns its id. */
export type OnUpgraded = (request: UpgradeRequest, socket: GatewaySocket, tcp: Socket) => number;

/**
 * Answers WebSocket handshakes: 404 for a path that is none of the gateway's, 400 for an encoding or a compression it does
 * not speak. What Discord does there is not documented; an HTTP status is what a developer sees at once.
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
    const { faults, recorder, settings, timers } = this.#gateway;
    const { path, query } = readTarget(request.url);
    // The client may be gone before the answer; then there is nobody left to tell.
    tcp.on('error', () => {});
    const fault = faults.take('upgrade', { shardId: null, url: path === RESUME_PATH ? 'resume' : 'gateway' });
    if (fault !== null)
      recorder.log.push({ kind: 'fault', at: settings.now(), connection: null, shardId: null, fault });
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
    else if (encoding !== 'json') this.#refuse(path, errorAnswer(400, 'The simulator speaks encoding=json only.'), tcp);
    else if (compress !== null && compress !== 'zlib-stream' && compress !== 'zstd-stream') {
      this.#refuse(path, errorAnswer(400, 'compress is zlib-stream, zstd-stream or left out.'), tcp);
    } else if (compress === 'zstd-stream' && !supportsZstd) {
      this.#refuse(path, errorAnswer(400, 'zstd-stream needs Node 22.15 or later to simulate.'), tcp);
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
    const { recorder, settings } = this.#gateway;
    recorder.log.push({ kind: 'upgrade', at: settings.now(), path, outcome, connection });
  }
}

/** Far above the 4096 bytes that are allowed: a payload has to arrive before it can be refused with 4002. */
const MAX_CLIENT_MESSAGE_BYTES = 1_048_576;
