import { agentFor } from '../util/network/agentFor.js';
import { checkEnvProxies } from '../util/network/envProxy.js';
import { refuse } from '../util/options.js';
import { isRecord } from '../util/predicates.js';

/** Options of a shard for the way its connections take. */
export interface NetworkOptions {
  /**
   * An agent of node:http or node:https, or one that extends them, such as those of https-proxy-agent and
   * socks-proxy-agent. `'env'` goes through the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names, except to the hosts of
   * NO_PROXY. Default: no proxy.
   */
  agent?: object | 'env';
  /** Headers of the upgrade request besides those of the WebSocket. */
  headers?: Readonly<Record<string, string>>;
  /** Options of node:tls for the shards' connections, such as `ca`, `cert`, `key`, `servername`, `rejectUnauthorized`. */
  tls?: Readonly<Record<string, unknown>>;
  /** Address of this machine that connections leave from. */
  localAddress?: string;
}

/**
 * Checks the options.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkNetwork({ agent, headers, tls, localAddress }: NetworkOptions): NetworkOptions {
  if (agent !== undefined && agent !== 'env' && !isAgent(agent)) {
    refuse('agent', agent, "an agent of node:http or node:https, or 'env'");
  }
  if (agent === 'env') checkEnvProxies(process.env);
  if (headers !== undefined && !(isRecord(headers) && Object.values(headers).every((it) => typeof it === 'string'))) {
    // Without the value: a header may be a password.
    refuse('headers', typeof headers, 'an object of texts');
  }
  if (tls !== undefined && !isRecord(tls)) refuse('tls', typeof tls, 'an object of options of node:tls');
  if (localAddress !== undefined && typeof localAddress !== 'string')
    refuse('localAddress', localAddress, 'an IP address');
  return {
    ...(agent !== undefined && { agent }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(tls !== undefined && { tls: { ...tls } }),
    ...(localAddress !== undefined && { localAddress }),
  };
}

const isAgent = (agent: unknown) =>
  typeof agent === 'object' && agent !== null && typeof (agent as { addRequest?: unknown }).addRequest === 'function';

/** The options of a connection to this URL, as node:http takes them. */
export function connectionOptions({ agent, headers, tls, localAddress }: NetworkOptions, url: string): object {
  const used = agentFor(agent, url);
  return {
    ...tls,
    ...(headers !== undefined && { headers }),
    ...(localAddress !== undefined && { localAddress }),
    ...(used !== undefined && { agent: used }),
  };
}
