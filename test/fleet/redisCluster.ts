import { until } from '../shard/rig.js';
import { freePort, RedisServer } from './redisRig.js';

const SLOTS = 16_384;

/** A cluster of three nodes without replicas. */
export async function startCluster(): Promise<{ readonly nodes: readonly RedisServer[] } & AsyncDisposable> {
  // The usual one, 10 000 above the port, may be no port.
  const busPorts = await Promise.all([freePort(), freePort(), freePort()]);
  const nodes = await Promise.all(
    busPorts.map((port) => RedisServer.start(['--cluster-enabled', 'yes', '--cluster-port', String(port)])),
  );
  const [first] = nodes as [RedisServer];
  for (const [at, node] of nodes.entries()) {
    const [from, to] = [Math.floor((SLOTS * at) / 3), Math.floor((SLOTS * (at + 1)) / 3) - 1];
    const slots = Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
    await node.command('CLUSTER', 'ADDSLOTS', ...slots);
    await node.command('CLUSTER', 'MEET', '127.0.0.1', String(first.port), String(busPorts[0]));
  }
  for (const node of nodes) {
    let info = '';
    await until(() => {
      void node.command('CLUSTER', 'INFO').then(
        (text) => (info = String(text)),
        () => {},
      );
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
    }, 30_000);
  }
  return {
    nodes,
    [Symbol.asyncDispose]: async () => void (await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))),
  };
}
