import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SimulatorError } from '../simulatorError.js';
import { messageOf } from '../../util/messageOf.js';

/** HTTP server that closes all of its connections with it, WebSockets too. */
export class HttpServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | null = null;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws SimulatorError `LISTEN_FAILED` */
  static listen(host: string, port: number): Promise<HttpServer> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const message =
          cause.code === 'EADDRINUSE'
            ? `Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.`
            : `The simulator cannot listen on ${host}:${port}: ${messageOf(cause)}. Choose another address or port.`;
        reject(new SimulatorError('LISTEN_FAILED', message, port, cause));
      });
      server.listen(port, host, () => resolve(new HttpServer(server)));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  serve(onRequest: RequestListener, onUpgrade: (request: IncomingMessage, tcp: Socket, head: Buffer) => void): void {
    this.#server.on('request', onRequest);
    this.#server.on('upgrade', (request, tcp, head) => onUpgrade(request, tcp as Socket, head));
  }

  /** Ends all connections and resolves when the port is free. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closing;
  }
}
