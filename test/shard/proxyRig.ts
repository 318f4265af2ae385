import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** The CA that signed the certificate of {@link tlsBefore}: no machine trusts it by itself. */
export const CA = fixture('ca.pem');

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

/** Starts a server on a free port of this machine, which closes with all that is in `open`. */
async function listening<S extends Server | TcpServer>(server: S, open: ReadonlySet<{ destroy(): void }>) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Targets of the tunnels that were asked for, and the credentials given for each. */
  readonly asked: { readonly target: string; readonly credentials: string | undefined }[];
}

/** A real CONNECT proxy; `answers` is the status of every answer, and no tunnel opens where it is not 2xx. */
export async function startProxy(answers = 200): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const asked: { target: string; credentials: string | undefined }[] = [];
  const server: Server = createServer((_, response) => response.writeHead(405).end());
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    asked.push({ target: url, credentials: headers['proxy-authorization'] });
    if (answers < 200 || answers > 299) return void client.end(`HTTP/1.1 ${answers} No\r\n\r\n`);
    const { hostname, port } = new URL(`http://${url}`);
    const target = connect(Number(port), hostname, () => {
      client.write(`HTTP/1.1 ${answers} Connection established\r\n\r\n`);
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) socket.on('error', () => [client, target].forEach((it) => it.destroy()));
    return undefined;
  });
  const started = await listening(server, sockets);
  return { ...started, url: `http://127.0.0.1:${started.port}`, asked };
}

/** A server that speaks TLS, with a certificate of its own CA, before a server on this port. */
export async function tlsBefore(port: number): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createTlsServer({ key: fixture('server.key'), cert: fixture('server.pem') }, (client) => {
    const target = connect(port, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => [client, target].forEach((it) => it.destroy()));
    }
    client.pipe(target).pipe(client);
  });
  server.on('tlsClientError', () => {});
  return listening(server, sockets);
}

/** A SOCKS5 proxy for IPv4 addresses, without credentials (RFC 1928). */
export async function startSocks(): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const asked: { target: string; credentials: undefined }[] = [];
  const server = createTcpServer((client) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    client.once('data', () => {
      client.write(Buffer.of(5, 0));
      client.once('data', (request) => {
        const host = [...request.subarray(4, 8)].join('.');
        const port = request.readUInt16BE(8);
        asked.push({ target: `${host}:${port}`, credentials: undefined });
        const target = connect(port, host, () => {
          client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
          client.pipe(target).pipe(client);
        });
        target.on('error', () => client.destroy());
        sockets.add(target);
      });
    });
  });
  const started = await listening(server, sockets);
  return { ...started, url: `socks5://127.0.0.1:${started.port}`, asked };
}
