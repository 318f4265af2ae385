// Whole bots of discord.js with their own gateway and with shardchart's: events a CPU second, memory, and the time until a
// bot is back after a reset.
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { bots as contestants } from '../contestants.mjs';
import { withServer } from '../processes.mjs';
import { quantile, summary } from '../stats.mjs';
import { stream } from './dispatch.mjs';

/** Milliseconds from a TCP reset to `shardResume`: the median of several. */
async function recoveryMs(gateway, resets) {
  const { Client } = createRequire(import.meta.url)('discord.js');
  const { shardchartStrategy } = await import('../../../dist/src/discordjs/index.js');
  const { createGatewaySimulator } = await import('../../../dist/src/simulator/index.js');
  const simulator = await createGatewaySimulator({ record: false, heartbeatInterval: 500 });
  const client = new Client({
    intents: 1,
    rest: { api: simulator.apiBase },
    ws: gateway === 'shardchart' ? { buildStrategy: shardchartStrategy() } : {},
  });
  const next = (event) => new Promise((resolve) => client.once(event, resolve));
  const ready = next('clientReady');
  await client.login('bench');
  await ready;
  const times = [];
  for (let reset = 0; reset < resets; reset += 1) {
    const resumed = next('shardResume');
    const since = performance.now();
    simulator.reset();
    await resumed;
    times.push(performance.now() - since);
    // A connection lasts once a heartbeat was acknowledged: shardchart waits longer and longer after those that do not.
    const resumedAt = Date.now();
    while (client.ws.shards.get(0).lastPingTimestamp <= resumedAt) await setTimeout(50);
  }
  await client.destroy();
  await simulator.close();
  return quantile(times, 0.5);
}

export async function bots({ rounds, events, warmUp, seed, progress }) {
  const options = { seed, events, warmUp, interval: 3_600_000, isHome: true };
  return withServer(options, async ({ server, url, messages, bytes }) => {
    const runs = new Map(contestants.map(({ id }) => [id, []]));
    for (let round = 0; round < rounds; round += 1) {
      const turned = contestants.map((_, index) => contestants[(index + round) % contestants.length]);
      for (const { id } of turned) {
        progress(`bots, round ${round + 1} of ${rounds}: ${id}`);
        const run = await stream({ server, url }, { events, messages }, { client: id, compression: 'zlib-stream' });
        runs.get(id).push(run);
      }
    }
    const own = runs.get(contestants[0].id);
    const results = [];
    for (const { id, label, settings } of contestants) {
      progress(`bots, recovery: ${id}`);
      const mine = runs.get(id);
      results.push({
        id,
        label,
        perSecond: summary(mine.map(({ cpu }) => (events / cpu) * 1_000)),
        ratio: summary(mine.map(({ cpu }, round) => own[round].cpu / cpu)),
        rssMiB: summary(mine.map(({ rss }) => rss / 1024 / 1024)),
        recoveryMs: await recoveryMs(settings.gateway, 2 * rounds),
      });
    }
    return { events, rounds, bytesAnEvent: bytes / events, messages, results };
  });
}
