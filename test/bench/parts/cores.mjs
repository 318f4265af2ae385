// More cores are more processes: the same corpus by one process, and by two at the same time. And why not threads.
import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { corpus } from '../corpus.mjs';
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

const cpuOf = (work) => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

/** In portions, as they would come: what lies about by the ten thousand is collected at another price. */
const PORTION = 500;

/** What the main thread would pay for an event that a worker has parsed: to receive it, as a multiple of parsing it. */
function posted({ seed, events }) {
  const { measured } = corpus({ seed, warmUp: 0, events, interval: 3_600_000 });
  const { port1, port2 } = new MessageChannel();
  let [parsing, receiving] = [0, 0];
  for (let at = 0; at < measured.length; at += PORTION) {
    const texts = measured.slice(at, at + PORTION);
    parsing += cpuOf(() => {
      for (const text of texts) JSON.parse(text);
    });
    for (const text of texts) port1.postMessage(JSON.parse(text));
    receiving += cpuOf(() => {
      for (let next = receiveMessageOnPort(port2); next !== undefined; next = receiveMessageOnPort(port2));
    });
  }
  port1.close();
  return receiving / parsing;
}

export async function cores({ rounds, events, warmUp, seed, progress }) {
  return withServer({ seed, events, warmUp, interval: 3_600_000 }, async ({ server, url }) => {
    const [one, two, threads] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      progress(`cores, round ${round + 1} of ${rounds}`);
      one.push(await run(server, url, 1));
      two.push(await run(server, url, 2));
      threads.push(posted({ seed, events }));
    }
    return {
      rounds,
      cores: availableParallelism(),
      /** Events a second of two processes together, as a multiple of one alone. */
      throughput: summary(one.map(({ wall }, round) => (2 * wall) / two[round].wall)),
      /** CPU time an event takes then. */
      cpu: summary(one.map(({ cpu }, round) => two[round].cpu / (2 * cpu))),
      /** Receiving an event from a worker thread, as a multiple of parsing it. */
      posted: summary(threads),
    };
  });
}
