import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { ShardError } from '../errors.js';
import { bare } from './envProxy.js';

/** What Node's agents hand to `createConnection`. */
type Target = ConnectionOptions & { readonly host?: string; readonly port?: number; readonly localAddress?: string };

type Done = (error: Error | null, socket?: Duplex) => void;

const TUNNEL_LIMIT_MS = 15_000;

/**
 * An agent whose connections go through an HTTP proxy, by CONNECT. TLS is spoken with the target inside of the tunnel: the
 * proxy sees a host and a port. `destroy` ends the tunnels that are not open yet.
 *
 * RFC 9110, section 9.3.6.
 */
export function tunnelAgent(proxy: URL, isSecure: boolean): HttpAgent {
  const agent = isSecure ? new HttpsAgent() : new HttpAgent();
  const underWay = new Set<ClientRequest>();
  const createConnection = (target: Target, done: Done): void => {
    const request = openTunnel(proxy, target, (error, tunnel) => {
      if (request !== null) underWay.delete(request);
      if (tunnel === undefined) done(error);
      else done(null, isSecure ? speakTls(tunnel, target) : tunnel);
    });
    if (request !== null) underWay.add(request);
  };
  const destroy = () => {
    for (const request of underWay) request.destroy(new Error('The connection is not wanted any more.'));
    underWay.clear();
  };
  // ws gives a request up by `abort()`, and knows nothing of a tunnel that is not open yet.
  const { addRequest } = agent as unknown as { addRequest(request: ClientRequest, ...rest: unknown[]): void };
  const add = (request: ClientRequest, ...rest: unknown[]) => {
    request.once('abort', destroy);
    addRequest.call(agent, request, ...rest);
  };
  return Object.assign(agent, { createConnection, destroy, addRequest: add });
}

function speakTls(socket: Duplex, target: Target): Duplex {
  const { host = '' } = target;
  // A server name is a name: an address has none.
  const servername = target.servername || (isIP(host) === 0 ? host : undefined);
  return connectTls({ ...target, socket, ...(servername !== undefined && { servername }) });
}

function openTunnel(proxy: URL, { host = '', port = 443, localAddress }: Target, done: Done): ClientRequest | null {
  const isTls = proxy.protocol === 'https:';
  if (!isTls && proxy.protocol !== 'http:') {
    done(failure(proxy, `has the scheme ${proxy.protocol} Pass an agent, such as one of socks-proxy-agent.`));
    return null;
  }
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const request = (isTls ? httpsRequest : httpRequest)({
    method: 'CONNECT',
    host: bare(proxy.hostname),
    port: proxy.port === '' ? (isTls ? 443 : 80) : proxy.port,
    path: address,
    headers: { Host: address, ...credentials(proxy) },
    agent: false,
    timeout: TUNNEL_LIMIT_MS,
    ...(localAddress !== undefined && { localAddress }),
  });
  request.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Duplex) => {
    if (statusCode >= 200 && statusCode < 300) return done(null, socket);
    socket.destroy();
    return done(failure(proxy, refusal(statusCode)));
  });
  request.once('response', () => {
    request.destroy(failure(proxy, 'answered as a web server does: it is no proxy, or takes no CONNECT.'));
  });
  request.once('timeout', () => request.destroy(failure(proxy, `has not answered in ${TUNNEL_LIMIT_MS} ms.`)));
  request.once('error', (cause) => {
    const isOurs = cause instanceof ShardError;
    done(isOurs ? cause : failure(proxy, `cannot be reached (${cause.message}). Check its address.`, cause));
  });
  request.end();
  return request;
}

function refusal(status: number): string {
  return status === 407
    ? 'wants a user and a password (HTTP 407). Write them into its URL: http://user:password@host:port.'
    : `refused the tunnel (HTTP ${status}). Ask its owner whether the host and port may be reached.`;
}

/** The proxy is named by host and port: its URL may have a password. */
const failure = ({ host }: URL, what: string, cause?: unknown) =>
  new ShardError('PROXY_FAILED', `The proxy ${host} ${what}`, { value: host, ...(cause !== undefined && { cause }) });

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
