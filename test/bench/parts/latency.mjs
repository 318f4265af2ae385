// From the server's write to the listener, at a steady rate: both clocks are the system's monotonic one.
import { contestants } from '../contestants.mjs';
import { expectAsked, withClient, withServer } from '../processes.mjs';
import { quantile } from '../stats.mjs';

const RUNS = new Set(['bare', 'shardchart', 'discordjs', 'discordeno']);

export async function latency({ rounds, latencyEvents: events, rate, seed, progress, isWanted }) {
  const running = contestants.filter((one) => RUNS.has(one.id) && isWanted(one));
  return withServer({ seed, events, warmUp: 2_000, interval: 3_600_000 }, async ({ server, url }) => {
    const results = [];
    for (const { id, label } of running) {
      const times = [];
      const pauses = [];
      for (let round = 0; round < rounds; round += 1) {
        progress(`latency, round ${round + 1} of ${rounds}: ${id}`);
        const task = { task: 'stream', client: id, url, compression: 'zlib-stream', stamps: true };
        await withClient(task, async (client) => {
          await client.next('warm');
          await expectAsked(server, id, task.compression);
          await client.ask({ type: 'arm' }, 'armed');
          const done = client.next('done');
          const { at } = await server.ask({ type: 'go', rate }, 'written');
          const { arrivedAt, pauses: collections } = await done;
          if (arrivedAt.length !== at.length) throw new Error(`${id} heard ${arrivedAt.length} of ${at.length}`);
          times.push(...arrivedAt.map((arrived, index) => arrived - at[index]));
          pauses.push(...collections);
        });
      }
      results.push({
        id,
        label,
        p50Us: quantile(times, 0.5),
        p99Us: quantile(times, 0.99),
        maxUs: times.reduce((most, time) => Math.max(most, time), 0),
        collections: pauses.length / rounds,
        longestCollectionMs: pauses.reduce((most, pause) => Math.max(most, pause), 0),
      });
    }
    return { rate, events, rounds, results };
  });
}
