import { describe, expect, test } from 'vitest';
import { PlayedLog } from '../../src/dashboard/page/playedLog.js';
import type { AuditShard, AuditTimeline } from '../../src/dashboard/messages.js';
import { createAuditLog } from '../../src/index.js';
import { reached, scenario, until } from '../shard/rig.js';
import { fold, newLog, replayed } from './auditRig.js';
import { FROM, incidentOf, Page, timelineOf } from './playerRig.js';

const step = (at: number, from: number, to: number, edge: string) => ({
  at: FROM + at,
  from,
  to,
  event: 'x',
  decision: null,
  session: null,
  active: `state${to}`,
  taken: [edge],
});

const shard: AuditShard = {
  id: 7,
  steps: [step(100, 0, 1, 'a'), step(200, 1, 2, 'b'), step(5_000, 2, 4, 'c')],
};
const timeline = timelineOf(
  [7],
  [
    [0, 0, 0],
    [100, 0, 1],
    [200, 0, 2],
    [5_000, 0, 4],
  ],
  [
    incidentOf(1, [
      [150, 1],
      [5_000, -1],
    ]),
    incidentOf(2, [
      [4_000, 1],
      [5_000, -1],
    ]),
  ],
);

function opened(options: { timeline?: AuditTimeline; ask?: (key: string) => Promise<AuditShard> } = {}) {
  const page = new Page();
  const feed = new PlayedLog({ timeline, ask: () => Promise.resolve(shard), ...options, listener: page });
  return { page, feed };
}

/** Selects a shard at the beginning, at the original speed. */
async function selected() {
  const rig = opened();
  rig.feed.select('7');
  await until(() => rig.page.shards.length === 1);
  rig.feed.playback.speed = 1;
  rig.feed.playback.skipsQuiet = false;
  rig.feed.seek(FROM);
  rig.page.shards.length = 0;
  return rig;
}

describe('a page that plays a log', () => {
  test('starts with the end of the log, and the selected shard up to there', async () => {
    const { page, feed } = opened();
    expect(page).toMatchObject({ at: FROM + 5_000, linkState: 'open' });
    expect(Object.fromEntries(page.states)).toEqual({ 7: 4 });
    feed.select('7');
    await until(() => page.shards.length === 1);
    const [whole] = page.shards;
    expect(whole).toMatchObject({ key: '7', isWhole: true, state: 4, live: null, taken: [] });
    expect(whole?.active).toEqual({ shard: 'state4', heartbeat: null, bucket: null });
    expect(whole?.steps).toHaveLength(3);
    expect(whole?.steps[0]).not.toHaveProperty('taken');
  });

  test('receives each step with its edges while playing', async () => {
    const { page, feed } = await selected();
    feed.toggle();
    feed.advance(150);
    feed.advance(20);
    feed.advance(100);
    expect(page.shards).toMatchObject([
      { isWhole: false, state: 1, taken: [{ chart: 'shard', edge: 'a' }], steps: [{ from: 0, to: 1 }] },
      { isWhole: false, state: 2, taken: [{ chart: 'shard', edge: 'b' }], active: { shard: 'state2' } },
    ]);
    expect(page.at).toBe(FROM + 270);
    expect(page.fleets).toBe(2);
  });

  test('receives the fleet and the shard as they were after a seek in either direction', async () => {
    const { page, feed } = await selected();
    for (const [at, state, steps] of [
      [4_999, 2, 2],
      [0, 0, 0],
      [5_000, 4, 3],
    ] as const) {
      feed.seek(FROM + at);
      expect(page.states.get('7')).toBe(state);
      expect(page.shards.at(-1)).toMatchObject({ isWhole: true, state, at: FROM + at });
      expect(page.shards.at(-1)?.steps).toHaveLength(steps);
    }
  });

  test('plays from the beginning when played at the end', () => {
    const { page, feed } = opened();
    feed.toggle();
    expect(page.at).toBe(FROM);
    expect(feed.playback.isPlaying).toBe(true);
    feed.toggle();
    feed.advance(10_000);
    expect(page.at).toBe(FROM);
  });

  test('jumps between the steps of the shard, and between incidents', async () => {
    const { feed } = await selected();
    const way = [1, 1, 1, -1, -1].map((direction) => {
      const at = feed.stepBeside(direction as 1 | -1);
      if (at !== null) feed.seek(at);
      return at === null ? null : at - FROM;
    });
    expect(way).toEqual([100, 200, 5_000, 200, 100]);
    expect(feed.stepBeside(-1)).toBe(null);
    expect(feed.incidentBeside(1)?.id).toBe(1);
    feed.seek(FROM + 4_000);
    expect(feed.incidentBeside(-1)?.id).toBe(1);
    expect(feed.incidentBeside(1)).toBe(null);
  });

  test('receives edges for a step forward and none for a step back; both pause', async () => {
    const { page, feed } = await selected();
    feed.toggle();
    feed.step(1);
    expect(feed.playback.isPlaying).toBe(false);
    expect(page.states.get('7')).toBe(1);
    feed.step(1);
    expect(page.states.get('7')).toBe(2);
    feed.step(-1);
    expect(page.states.get('7')).toBe(1);
    feed.step(-1);
    expect(page.shards).toMatchObject([
      { isWhole: false, at: FROM + 100, steps: [{ to: 1 }], taken: [{ chart: 'shard', edge: 'a' }] },
      { isWhole: false, at: FROM + 200, steps: [{ to: 2 }], taken: [{ chart: 'shard', edge: 'b' }] },
      { isWhole: true, at: FROM + 100, steps: [{ to: 1 }], taken: [] },
    ]);
  });

  test('goes back to the incident before the one that has just begun, while playing', () => {
    const { feed } = opened();
    feed.playback.speed = 1;
    feed.seek(FROM + 4_000);
    feed.toggle();
    feed.advance(200);
    expect(feed.incidentBeside(-1)?.id).toBe(1);
    feed.toggle();
    expect(feed.incidentBeside(-1)?.id).toBe(2);
  });

  test('reports how much quiet time was skipped', () => {
    const { feed } = opened({
      timeline: timelineOf(
        [7],
        [
          [0, 0, 0],
          [900_000, 0, 4],
        ],
      ),
    });
    feed.playback.speed = 1;
    feed.toggle();
    feed.advance(1_500);
    expect(feed.skipped).toBe(900_000 - 1_000 - 1_500);
    feed.seek(FROM);
    expect(feed.skipped).toBe(0);
  });

  test('shows waiting while the server does not answer, and drops the answer for a shard no longer selected', async () => {
    const asked: string[] = [];
    const other = { ...shard, id: 8 };
    const { page, feed } = opened({
      timeline: timelineOf(
        [7, 8],
        [
          [0, 0, 0],
          [0, 1, 0],
          [5_000, 0, 4],
        ],
      ),
      ask: async (key) => {
        asked.push(key);
        if (key === '7') throw new Error('no answer');
        return other;
      },
    });
    feed.select('9');
    expect(asked).toEqual([]);
    feed.select('7');
    await until(() => page.linkState === 'waiting');
    feed.select('8');
    await until(() => page.shards.length === 1);
    expect(page).toMatchObject({ linkState: 'open', shards: [{ key: '8' }] });
  });
});

test(
  'a real log played to its end has the shard’s final state and has sent every step and edge',
  scenario({}, async ({ simulator, shard: real }) => {
    const file = newLog();
    const log = createAuditLog({ file });
    log.attach(real);
    await real.connect();
    simulator.apply({ closeWith: 4000 });
    await until(() => real.stats.connections === 2);
    await reached(real, 'Connected');
    await log.close();
    const { timeline: folded, shards } = await fold(file);
    const shard = await replayed(0, shards.get(0));
    const { page, feed } = opened({
      timeline: { ...folded, files: [file], skipped: 0 },
      ask: () => Promise.resolve(shard),
    });
    feed.select('0');
    await until(() => page.shards.length === 1);
    feed.seek(folded.from - 1);
    const before = page.shards.at(-1) as { steps: readonly object[] };
    const flashed = page.shards.length;
    feed.playback.play();
    while (feed.playback.isPlaying) feed.advance(1);
    const messages = page.shards.slice(flashed);
    expect(page.states.get('0')).toBe(4);
    expect([...before.steps, ...messages.flatMap(({ steps }) => steps)]).toHaveLength(shard.steps.length);
    expect(messages.flatMap(({ taken }) => taken.map(({ edge }) => edge))).toEqual(
      shard.steps.slice(before.steps.length).flatMap(({ taken }) => taken),
    );
    expect(messages.at(-1)?.active.shard).toContain('Connected');
  }),
);
