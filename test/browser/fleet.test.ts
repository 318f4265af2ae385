import { expect } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { agree, browserTest, cellsOf, open, says, select, statesOf, styleOf, untilAsync } from './rig.js';

/** Longer than the test takes. */
const LONG_MS = 60_000;
const patient = { options: { timeouts: { ready: LONG_MS, resumed: LONG_MS } } };

browserTest(
  'after a drop a cell shows each state of its shard, and the headline the number of shards down',
  managed({ simulator: { shards: 6, maxConcurrency: 6 }, manager: patient }, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    expect(await cellsOf(page)).toEqual(statesOf(manager));
    simulator.next({ at: 'resume', shardId: 4, delay: LONG_MS });
    simulator.apply({ reset: true }, 4);
    await until(() => manager.shards.get(4)?.state === 'Resuming');
    await untilAsync(async () => expect(await cellsOf(page)).toMatchObject({ '3': 'Connected', '4': 'Resuming' }));
    await says(page, 'header', /5 of 6 shards connected\s*1 down/);
    await says(page, '.chip:has([data-state="Resuming"])', 'Resuming 1');
    await page.click('.cell[data-key="4"]');
    await says(page, '#facts .title', /^Shard 4 R Resuming for (\d+ ms|[0-3] s)$/);
    expect(await page.title()).toBe('1 down · shardchart');
    await page.click('.chip:has([data-state="Resuming"])');
    expect(await styleOf(page.locator('.cell[data-key="0"]'), 'opacity')).toBe('0.13');
    expect(await styleOf(page.locator('.cell[data-key="4"]'), 'opacity')).toBe('1');
    simulator.apply({ reset: true }, 4);
    await until(() => manager.shards.get(4)?.state === 'Connected');
    await agree(
      () => cellsOf(page),
      () => statesOf(manager),
    );
    await says(page, '#incidents li', /shard 4 up after .* connection lost/);
  }),
);

browserTest(
  'a shard with a fatal close is shown as fatal, and a new page selects it',
  managed({ simulator: { shards: 4, maxConcurrency: 4 }, manager: patient }, async ({ manager, simulator }) => {
    manager.on('fatal', () => {});
    await manager.connect();
    await manager.shards.get(0)?.close();
    simulator.next({ at: 'resume', shardId: 2, closeWith: 4004 });
    simulator.apply({ reset: true }, 2);
    await until(() => manager.shards.get(2)?.state === 'Offline');
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    expect(await cellsOf(page)).toEqual({ '0': 'Offline', '1': 'Connected', '2': 'fatal', '3': 'Connected' });
    await says(page, '#facts .title', /^Shard 2 ✕ Offline · fatal for /);
    await says(page, '.chip:has([data-state="fatal"])', '✕ fatal 1');
    await says(page, '#incidents li:first-child', /shard 2 down for good 4004/);
    await says(page, '#incidents li:last-child', /shard 2 Offline after .* connection lost/);
    // A fatal shard cannot recover: another one replaces it.
    await manager.close();
    await manager.connect();
    await agree(
      () => cellsOf(page),
      () => statesOf(manager),
    );
    await says(page, '#incidents', /shard 2 gone after .* 4004/);
    await untilAsync(async () => expect(await page.locator('.chip:has([data-state="fatal"])').isVisible()).toBe(false));
  }),
);

browserTest(
  'during a reshard there are two grids, afterwards one with the new set',
  managed({ simulator: { shards: 2, maxConcurrency: 4 }, manager: patient }, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    expect(await page.locator('#otherGrid').isVisible()).toBe(false);
    simulator.next({ at: 'ready', shardId: 2, delay: LONG_MS });
    const resharded = manager.reshard(3);
    await untilAsync(async () => {
      expect(await page.locator('#otherGrid').isVisible()).toBe(true);
      const others = manager.otherShards.map(({ id, state }) => [`+${id}`, state]);
      expect(others).toHaveLength(3);
      expect(await cellsOf(page, '#otherGrid')).toEqual(Object.fromEntries(others));
    });
    expect(await cellsOf(page)).toEqual({ '0': 'Connected', '1': 'Connected' });
    await says(page, '#manager', /Resharding · .*rising/);
    simulator.apply({ reset: true }, 2);
    await resharded;
    await agree(
      () => cellsOf(page),
      () => statesOf(manager),
    );
    expect(Object.keys(await cellsOf(page))).toEqual(['0', '1', '2']);
    await untilAsync(async () => expect(await page.locator('#otherGrid').isVisible()).toBe(false));
    await says(page, 'header', '3 of 3 shards connected');
  }),
);

browserTest(
  'scaling adds and removes cells, and a selected shard that was removed is shown as gone',
  managed({ simulator: { shards: 3, maxConcurrency: 3 }, manager: { total: 3, ids: [0, 1] } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    await page.click('.cell[data-key="1"]');
    await says(page, '#facts h2', 'Shard 1');
    await manager.scale([0, 2]);
    await agree(
      () => cellsOf(page),
      () => statesOf(manager),
    );
    expect(Object.keys(await cellsOf(page))).toEqual(['0', '2']);
    await says(page, '#facts h2', 'Shard 1 is gone');
    await says(page, 'header', '2 of 2 shards connected, 3 in all');
  }),
);

browserTest(
  'rates go on while the viewer switches shards, and no stream is left behind',
  managed({ simulator: { shards: 12, maxConcurrency: 12 } }, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    const timer = setInterval(() => simulator.dispatch('TYPING_START', { user_id: '1' }), 50);
    await says(page, '#dispatchRate', /^[1-9]/);
    await page.evaluate(`{
      window.rates = [];
      new MutationObserver(() => rates.push(document.querySelector('#dispatchRate').textContent))
        .observe(document.querySelector('#dispatchRate'), { childList: true, characterData: true, subtree: true });
    }`);
    let most = 0;
    for (let key = 1; key < 12; key += 1) {
      await select(page, String(key));
      if (key % 3 === 0) await says(page, '#facts', new RegExp(`^Shard ${key} .* Dispatches [1-9]`));
      most = Math.max(most, dashboard.viewers);
    }
    await untilAsync(async () => expect((await page.evaluate<string[]>('rates')).length).toBeGreaterThan(1));
    expect(await page.evaluate<string[]>('rates')).not.toContain('–');
    expect(most).toBeLessThanOrEqual(3);
    await until(() => dashboard.viewers === 1);
    clearInterval(timer);
  }),
);

browserTest(
  'the header shows rates, latency and the remaining identifies',
  managed({ simulator: { heartbeatInterval: 300, heartbeatSlack: 5_000 } }, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    const timer = setInterval(() => simulator.dispatch('TYPING_START', { user_id: '1' }), 50);
    await says(page, '#rates', /^events\/s [1-9]\S* received .*B\/s latency \d+ ms$/);
    clearInterval(timer);
    await says(page, '#queue', /^999 of 1.000 identifies left renewed tomorrow \d\d:\d\d$/);
  }),
);
