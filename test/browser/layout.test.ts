import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveAuditDashboard, serveDashboard } from '../../src/dashboard/index.js';
import { createAuditLog } from '../../src/index.js';
import { newLog } from '../dashboard/auditRig.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { browserTest, open } from './rig.js';

const WIDTHS = [360, 768, 1024, 1440];

/** Elements that stick out of the page to the right, and buttons, chips and labels whose text is cut. */
const faultsAt = async (page: Page, width: number): Promise<string[]> => {
  await page.setViewportSize({ width, height: 900 });
  // Two frames for the layout after a resize.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return page.evaluate<string[]>(`[
    ...(document.documentElement.scrollWidth > innerWidth
      ? ['the page is ' + document.documentElement.scrollWidth + ' wide'] : []),
    ...[...document.querySelectorAll('button, .chip *, .link, dt, dd, h1, h2, h3, .summary, .headline, .queue *, .player *')]
      .filter((it) => it.checkVisibility() && it.scrollWidth > it.clientWidth && getComputedStyle(it).display !== 'inline')
      .map((it) => it.tagName + ' is cut: ' + it.textContent),
    ...[...document.querySelectorAll('button, .chip, input, .link, h1, h2')]
      .filter((it) => it.checkVisibility())
      // The chips of a phone are a row that scrolls.
      .filter((it) => it.closest('.chips') === null || getComputedStyle(it.closest('.chips')).overflowX !== 'auto')
      .filter((it) => it.getBoundingClientRect().right > innerWidth + 1 || it.getBoundingClientRect().left < -1)
      .map((it) => it.tagName + ' sticks out: ' + (it.textContent || it.id)),
  ]`);
};

/** Twelve shards, some of which have been through faults. */
const bot = { simulator: { shards: 12, maxConcurrency: 12 } };

browserTest(
  'the live page fits every width, and no text is cut',
  managed(bot, async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    await using page = await open(dashboard.url);
    simulator.next({ at: 'resume', times: 4, delay: 60_000 });
    for (const id of [0, 1, 2, 3]) simulator.apply({ reset: true }, id);
    await until(() => manager.status().counts.Resuming === 4);
    await page.waitForSelector('#incidents li');
    for (const width of WIDTHS) expect([width, await faultsAt(page, width)]).toEqual([width, []]);
    // However much of the page the fleet takes, some rows of the list stay visible.
    await page.evaluate(`document.querySelector('#grid').style.minHeight = '700px'`);
    expect((await page.locator('#incidents').boundingBox())?.height).toBeGreaterThan(90);
  }),
);

browserTest(
  'at 1280 px the find field is beside the chips; on a phone the chips take one row',
  managed(bot, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, {});
    await dashboard.ready;
    await using page = await open(dashboard.url);
    const boxOf = async (selector: string) =>
      (await page.locator(selector).boundingBox()) ?? expect.unreachable(selector);
    await page.setViewportSize({ width: 1280, height: 800 });
    const [chips, find] = [await boxOf('#chips'), await boxOf('#find')];
    expect(Math.abs(chips.y + chips.height / 2 - find.y - find.height / 2)).toBeLessThan(10);
    expect((await boxOf('#chart')).width).toBeGreaterThan(480);
    await page.setViewportSize({ width: 390, height: 844 });
    expect((await boxOf('#chips')).height).toBeLessThan(50);
    await page.locator('.chip:visible').last().click();
    expect(await page.locator('.chip:visible').last().getAttribute('aria-pressed')).toBe('true');
  }),
);

browserTest('the audit player fits every width, and no text is cut', async () => {
  const file = newLog();
  await managed(bot, async ({ manager, simulator }) => {
    await using log = createAuditLog({ file });
    log.attach(manager);
    await manager.connect();
    simulator.apply({ reset: true });
    await until(() => manager.status().shards.every(({ resumes }) => resumes === 1));
  })();
  await using dashboard = await serveAuditDashboard(file);
  await using page = await open(dashboard.url);
  for (const width of WIDTHS) expect([width, await faultsAt(page, width)]).toEqual([width, []]);
});
