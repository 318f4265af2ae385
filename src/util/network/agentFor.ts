import type { Agent } from 'node:http';
import { envProxy } from './envProxy.js';
import { tunnelAgent } from './tunnelAgent.js';

/** The agent of a connection to this URL; undefined for Node's own. `'env'` asks the environment for a proxy. */
export function agentFor(agent: object | 'env' | undefined, url: string): Agent | undefined {
  if (agent !== 'env') return agent as Agent | undefined;
  const proxy = envProxy(url, process.env);
  return proxy === null ? undefined : tunnelAgent(proxy, /^(wss|https):/.test(url));
}
