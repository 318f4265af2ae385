import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { browserTest, open, PHONE, says, textOf, untilAsync } from './rig.js';

/** Longer than the test takes. */
const LONG_MS = 60_000;
const fleet = {
  simulator: { shards: 6, maxConcurrency: 6 },
  manager: { options: { timeouts: { resumed: LONG_MS } } },
};

const sinceOf = (page: Page) => textOf(page, '#facts .since');

browserTest(
  'a mark of the strip can be clicked while its incident is open, and a tooltip follows its cell’s state',
  managed(fleet, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    simulator.next({ at: 'resume', times: 6, delay: LONG_MS });
    simulator.apply({ reset: true }, 4);
    await until(() => manager.shards.get(4)?.state === 'Resuming');
    await page.hover('.mark');
    await says(page, '.tooltip:visible', /shard 4: 1006 connection lost.*; still down/);
    await page.mouse.down();
    const pressed = await sinceOf(page);
    await untilAsync(async () => expect(await sinceOf(page)).not.toBe(pressed));
    await page.mouse.up();
    await says(page, '#facts h2', 'Shard 4');

    await page.hover('.cell[data-key="2"]');
    await says(page, '.tooltip:visible', /^Shard 2 Connected for /);
    const before = await textOf(page, '.tooltip:visible');
    await untilAsync(async () => expect(await textOf(page, '.tooltip:visible')).not.toBe(before));
    simulator.apply({ reset: true }, 2);
    await says(page, '.tooltip:visible', /^Shard 2 Resuming for /);
  }),
);

browserTest(
  'on a phone, choosing a shard or an incident scrolls to the shard; touch gets no tooltip',
  managed(fleet, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url, { viewport: PHONE, hasTouch: true, reducedMotion: 'reduce' });
    const scrolled = () => page.evaluate<number>('scrollY');
    expect(await scrolled()).toBe(0);
    const isLedTo = async (name: string) => {
      await says(page, '#facts h2', name);
      await untilAsync(async () => {
        const { y = -1 } = (await page.locator('.shard').boundingBox()) ?? {};
        expect([Math.abs(y) < 20, (await scrolled()) > 0]).toEqual([true, true]);
      });
    };
    await page.tap('.cell[data-key="3"]');
    await isLedTo('Shard 3');
    expect(await page.locator('.tooltip:visible').count()).toBe(0);
    simulator.apply({ reset: true }, 5);
    await page.tap('#incidents button');
    await isLedTo('Shard 5');
    expect(await page.locator('.tooltip:visible').count()).toBe(0);
  }),
);
