// Dispatches a CPU second, as multiples of the bare loop in the same round.
import { contestant, contestants } from '../contestants.mjs';
import { expectAsked, withClient, withServer } from '../processes.mjs';
import { summary } from '../stats.mjs';

/** Runs the corpus once, from its warm-up to its last dispatch. */
export async function stream({ server, url }, { events, messages }, options) {
  return withClient({ task: 'stream', url, ...options }, async (client) => {
    await client.next('warm');
    await expectAsked(server, options.client, options.compression);
    await client.ask({ type: 'arm' }, 'armed');
    const done = client.next('done');
    server.tell({ type: 'go' });
    const { type: _, ...result } = await done;
    const expected = contestant(options.client).settings?.only === undefined ? events : messages;
    if (result.events !== expected || result.received !== events) {
      throw new Error(
        `${options.client} heard ${result.events} of ${expected}, received ${result.received} of ${events}`,
      );
    }
    return result;
  });
}

export async function dispatch({ rounds, events, warmUp, seed, compressions, progress, isWanted }) {
  return withServer({ seed, events, warmUp, interval: 3_600_000 }, async ({ server, url, messages, bytes }) => {
    const results = [];
    for (const compression of compressions) {
      const running = contestants.filter(
        (contestant) => contestant.compressions.includes(compression) && isWanted(contestant),
      );
      const cpu = new Map(running.map(({ id }) => [id, []]));
      for (let round = 0; round < rounds; round += 1) {
        // Each round begins with another, so that none is always the one after the same.
        const turned = running.map((_, index) => running[(index + round) % running.length]);
        for (const { id } of turned) {
          progress(`dispatch, ${compression}, round ${round + 1} of ${rounds}: ${id}`);
          const run = await stream({ server, url }, { events, messages }, { client: id, compression });
          cpu.get(id).push(run.cpu);
        }
      }
      const bare = cpu.get('bare');
      for (const { id, label } of running) {
        const own = cpu.get(id);
        results.push({
          compression,
          id,
          label,
          ratio: summary(own.map((ms, round) => bare[round] / ms)),
          us: summary(own.map((ms) => (ms / events) * 1_000)),
        });
      }
    }
    return { events, rounds, bytesAnEvent: bytes / events, messages, results };
  });
}
