// Shards that do nothing but beat: what each holds, how long it takes to start them, what their heartbeats cost.
import { contestants } from '../contestants.mjs';
import { GC, withClient, withServer } from '../processes.mjs';
import { summary } from '../stats.mjs';

/** Short, so that a run sees every shard beat: costs are told as at Discord's 41.25 s. */
const INTERVAL_MS = 4_000;
const DISCORDS_INTERVAL_MS = 41_250;
/**
 * What a process has free for new objects grows to tens of MiB while shards start, whoever makes them, and is shared by
 * all: it would be told as theirs.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=1';
const RUNS = new Set(['bare', 'shardchart', 'shardchart-minizlib', 'discordjs', 'discordeno']);

export async function idle({ rounds, shardCounts, idleMs, seed, progress, isWanted }) {
  const running = contestants.filter((one) => RUNS.has(one.id) && isWanted(one));
  const options = { seed, events: 0, warmUp: 0, interval: INTERVAL_MS, acks: 200 };
  return withServer(options, async ({ server, url }) => {
    const results = [];
    for (const shards of shardCounts) {
      const runs = new Map(running.map(({ id }) => [id, []]));
      for (let round = 0; round < rounds; round += 1) {
        for (const { id } of running) {
          progress(`idle, ${shards} shards, round ${round + 1} of ${rounds}: ${id}`);
          const task = { task: 'idle', client: id, url, compression: 'zlib-stream', shards, idleMs };
          const { beats: before } = await server.ask({ type: 'beats' });
          runs.get(id).push(await withClient(task, (client) => client.next('done'), [...GC, SMALL_YOUNG_GENERATION]));
          const { beats: after } = await server.ask({ type: 'beats' });
          if (after - before < shards) throw new Error(`${id}: ${after - before} heartbeats of ${shards} shards`);
        }
      }
      for (const { id, label } of running) {
        const own = runs.get(id);
        const of = (read) => summary(own.map(read));
        results.push({
          shards,
          id,
          label,
          rssKiB: of(({ memory }) => memory.rss / 1024),
          heapKiB: of(({ memory }) => memory.heap / 1024),
          startUpMs: of(({ startUp }) => startUp.wall),
          startUpCpuMs: of(({ startUp }) => startUp.cpu),
          /** Per cent of one core, heartbeats as far apart as Discord's. */
          idlePercent: of(({ idle }) => (idle.cpu / idle.wall) * 100 * (INTERVAL_MS / DISCORDS_INTERVAL_MS)),
        });
      }
    }
    return { rounds, results };
  });
}
