import { readFileSync } from 'node:fs';
import type { InspectionEvent } from 'xstate';
import { describe, expect, test } from 'vitest';
import { edgesTaken, leafOf } from '../../src/dashboard/live/charts.js';
import { createAuditLog } from '../../src/index.js';
import type { Shard } from '../../src/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { reached, scenario, until } from '../shard/rig.js';
import { edgesOfSteps, fold, logOf, newLog, replayed } from './auditRig.js';

const picture = readFileSync(new URL('../../visualizations/shard.svg', import.meta.url), 'utf8');
const inPicture = (attribute: string) =>
  new Set(
    [...picture.matchAll(new RegExp(`${attribute}="([^"]*)"`, 'g'))].map(([, id = '']) => id.replaceAll('&quot;', '"')),
  );

/** Collects the edges that a running chart takes, and its state after each step that the log contains. */
function watch(shard: Shard) {
  const taken: string[] = [];
  const actives: string[] = [];
  let pending: string[] = [];
  let latest = shard.actor.getSnapshot();
  shard.actor.system.inspect((event: InspectionEvent) => {
    if ((event.actorRef as unknown) !== shard.actor) return;
    pending.push(...edgesTaken(event).map(({ edge }) => edge));
    if (event.type !== '@xstate.snapshot') return;
    // The log has no record of events that left the chart as it was.
    if (event.snapshot !== (latest as unknown)) taken.push(...pending);
    latest = shard.actor.getSnapshot();
    pending = [];
  });
  shard.on('transition', () => actives.push(leafOf(shard.actor.getSnapshot().value)));
  return { taken, actives };
}

/** A log contains only the last of consecutive replayed dispatches. */
const withoutReplayed = (edges: readonly string[]) =>
  edges.filter((edge, n) => !edge.includes('|gateway.replayed|') || edge !== edges[n - 1]);

/** A reconnect for every reason that a simulator has. */
async function story(simulator: GatewaySimulator, shard: Shard): Promise<void> {
  await shard.connect();
  for (const action of [{ reset: true }, { reconnect: true }, { invalidSession: true }, { closeWith: 4000 }] as const) {
    const { connections } = shard.stats;
    simulator.apply(action, shard.id);
    await until(() => shard.stats.connections > connections && shard.state === 'Connected');
    simulator.dispatch('MESSAGE_CREATE', { id: '1' }, shard.id);
    simulator.dispatch('MESSAGE_CREATE', { id: '2' }, shard.id);
  }
  await shard.reinstantiate();
  await reached(shard, 'Connected');
  await shard.shutdown();
}

test(
  'a replayed log has the edges and states of the chart that wrote it',
  scenario({}, async ({ simulator, shard }) => {
    const file = newLog();
    const log = createAuditLog({ file });
    log.attach(shard);
    const { taken, actives } = watch(shard);
    await story(simulator, shard);
    await log.close();
    const { shards } = await fold(file);
    const replay = await replayed(0, shards.get(0));
    expect(replay.steps.length).toBeGreaterThan(20);
    expect(replay.steps.map(({ active }) => active)).toEqual(actives);
    expect(withoutReplayed(edgesOfSteps(replay))).toEqual(withoutReplayed(taken));
    expect(edgesOfSteps(replay).filter((edge) => !inPicture('data-edge').has(edge))).toEqual([]);
    expect(actives.filter((state) => !inPicture('data-state').has(state))).toEqual([]);
  }),
);

/** Records of an unedited log. */
const records = async (): Promise<Record<string, unknown>[]> => {
  const lines: Record<string, unknown>[] = [];
  await scenario({}, async ({ simulator, shard }) => {
    const file = newLog();
    const log = createAuditLog({ file });
    log.attach(shard);
    await story(simulator, shard);
    await log.close();
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    }
  })();
  return lines;
};
const replay = async (lines: readonly object[]) => replayed(0, (await fold(logOf(lines))).shards.get(0));

describe('a log that is not true', () => {
  test('shows the states of its records, but lights no state from the edited record on', async () => {
    const lines = await records();
    const edited = lines.map((line, n) => (n === 5 ? { ...line, event: { type: 'gateway.reconnect' } } : line));
    const { steps } = await replay(edited);
    expect(steps).toHaveLength(lines.length);
    expect(steps.slice(0, 5).every(({ active, taken }) => active !== null && taken.length > 0)).toBe(true);
    expect(steps.slice(5).every(({ active, taken }) => active === null && taken.length === 0)).toBe(true);
  });

  test('lights no state where it has another format', async () => {
    const { steps } = await replay((await records()).map((line) => Object.assign(line, { v: 99 })));
    expect(new Set(steps.map(({ active }) => active))).toEqual(new Set([null]));
  });

  test('with an event that no chart knows does not crash', async () => {
    const lines = await records();
    const { steps } = await replay(lines.map((line) => Object.assign(line, { since: [{ type: '*' }] })));
    expect(steps.map(({ active }) => active)).toEqual(lines.map(() => null));
  });
});
