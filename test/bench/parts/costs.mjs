// Additions to a shard, and what each costs a dispatch: CPU time as a multiple of a shard with one listener.
import { withServer } from '../processes.mjs';
import { summary } from '../stats.mjs';
import { stream } from './dispatch.mjs';

const ADDED = {
  'one listener': {},
  '10 more listeners': { listeners: 10 },
  '100 more listeners': { listeners: 100 },
  'a listener of raw': { extra: 'raw' },
  'an inspector': { extra: 'inspect' },
  'an audit log': { extra: 'audit' },
  'a loop of events()': { extra: 'events' },
};

export async function costs({ rounds, events, warmUp, seed, progress }) {
  return withServer({ seed, events, warmUp, interval: 3_600_000 }, async ({ server, url, messages }) => {
    const cpu = new Map(Object.keys(ADDED).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, settings] of Object.entries(ADDED)) {
        progress(`costs, round ${round + 1} of ${rounds}: ${name}`);
        const options = { client: 'shardchart', compression: 'zlib-stream', settings };
        cpu.get(name).push((await stream({ server, url }, { events, messages }, options)).cpu);
      }
    }
    const base = cpu.get('one listener');
    const results = [...cpu].map(([name, own]) => ({
      name,
      ratio: summary(own.map((ms, round) => ms / base[round])),
      us: summary(own.map((ms) => (ms / events) * 1_000)),
    }));
    return { rounds, events, results };
  });
}
