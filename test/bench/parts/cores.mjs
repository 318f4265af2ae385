// More cores are more processes: the same corpus by one process, and by two at the same time.
import { availableParallelism } from 'node:os';
import { withClient, withServer } from '../processes.mjs';
import { summary } from '../stats.mjs';

async function run(server, url, processes) {
  const task = { task: 'stream', client: 'shardchart', url, compression: 'zlib-stream' };
  const within = (left, clients) =>
    left === 0 ? together(server, clients) : withClient(task, (client) => within(left - 1, [...clients, client]));
  return within(processes, []);
}

async function together(server, clients) {
  await Promise.all(clients.map((client) => client.next('warm')));
  await Promise.all(clients.map((client) => client.ask({ type: 'arm' }, 'armed')));
  const done = Promise.all(clients.map((client) => client.next('done')));
  const start = performance.now();
  server.tell({ type: 'go' });
  const results = await done;
  return { wall: performance.now() - start, cpu: results.reduce((sum, { cpu }) => sum + cpu, 0) };
}

export async function cores({ rounds, events, warmUp, seed, progress }) {
  return withServer({ seed, events, warmUp, interval: 3_600_000 }, async ({ server, url }) => {
    const [one, two] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      progress(`cores, round ${round + 1} of ${rounds}`);
      one.push(await run(server, url, 1));
      two.push(await run(server, url, 2));
    }
    return {
      rounds,
      cores: availableParallelism(),
      /** Events a second of two processes together, as a multiple of one alone. */
      throughput: summary(one.map(({ wall }, round) => (2 * wall) / two[round].wall)),
      /** CPU time an event takes then. */
      cpu: summary(one.map(({ cpu }, round) => two[round].cpu / (2 * cpu))),
    };
  });
}
