// Shards that do nothing but beat: what each holds, how long it takes to start them, what their heartbeats cost.
import { contestants } from '../contestants.mjs';
import { expectAsked, GC, withClient, withServer } from '../processes.mjs';
import { summary } from '../stats.mjs';

/** At most so long, so that a run sees every shard beat twice: costs are scaled to Discord's 41.25 s. */
const INTERVAL_MS = 4_000;
const DISCORDS_INTERVAL_MS = 41_250;
/** Between the identifies of one max_concurrency; here as much less as the heartbeats' interval is. */
const DISCORDS_WINDOW_MS = 5_000;
const MEASURED = [
  ...GC,
  // The room for new objects grows to tens of MiB while shards start, in any client, and is shared by all: it would be
  // counted as the shards'.
  '--max-semi-space-size=1',
  // A process left alone moves its objects together within a minute. Asked to collect, V8 leaves holes between them.
  '--compact-on-every-full-gc',
  // The helpers of a collection keep some MiB for themselves, more or less of it.
  '--single-threaded-gc',
];
const RUNS = new Set(['bare', 'shardchart', 'shardchart-minizlib', 'discordjs', 'discordeno']);

/** A session begins with these after READY, in the last of the runs: guilds, and events after them. */
const GUILDS = 20;
const EVENTS = 100;
/** A large bot's max_concurrency: more guilds than theirs do not come at once. */
const AT_ONCE = 16;

export async function idle({ rounds, shardCounts, idleMs, seed, progress, isWanted }) {
  const running = contestants.filter((one) => RUNS.has(one.id) && isWanted(one));
  const interval = Math.min(INTERVAL_MS, 0.45 * idleMs);
  const results = [];
  for (const shards of shardCounts) results.push(...(await run(shards, { guilds: 0, warmUp: 0 })));
  results.push(...(await run(shardCounts[0], { guilds: GUILDS, warmUp: EVENTS })));
  return { rounds, events: EVENTS, results };

  async function run(shards, { guilds, warmUp }) {
    const options = { seed, guilds, warmUp, events: 0, interval, acks: 200 };
    return withServer(options, async ({ server, url }) => {
      const runs = new Map(running.map(({ id }) => [id, []]));
      const pace =
        guilds === 0
          ? { atOnce: shards, everyMs: 0 }
          : { atOnce: AT_ONCE, everyMs: DISCORDS_WINDOW_MS * (interval / DISCORDS_INTERVAL_MS) };
      const start = { dispatches: 1 + guilds + warmUp, ...pace };
      for (let round = 0; round < rounds; round += 1) {
        for (const { id } of running) {
          progress(`idle, ${shards} shards of ${guilds} guilds, round ${round + 1} of ${rounds}: ${id}`);
          const task = { task: 'idle', client: id, url, compression: 'zlib-stream', shards, ...start, idleMs };
          const { beats: before } = await server.ask({ type: 'beats' });
          runs.get(id).push(await withClient(task, (client) => client.next('done'), MEASURED));
          await expectAsked(server, id, task.compression);
          const { beats: after } = await server.ask({ type: 'beats' });
          if (after - before < shards) throw new Error(`${id}: ${after - before} heartbeats of ${shards} shards`);
        }
      }
      return running.map(({ id, label }) => {
        const of = (read) => summary(runs.get(id).map(read));
        return {
          shards,
          guilds,
          id,
          label,
          rssKiB: of(({ memory }) => memory.rss / 1024),
          heapKiB: of(({ memory }) => memory.heap / 1024),
          startUpMs: of(({ startUp }) => startUp.wall),
          startUpCpuMs: of(({ startUp }) => startUp.cpu),
          /** Per cent of one core, heartbeats as far apart as Discord's. */
          idlePercent: of(({ idle }) => (idle.cpu / idle.wall) * 100 * (interval / DISCORDS_INTERVAL_MS)),
        };
      });
    });
  }
}
