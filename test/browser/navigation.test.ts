import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { managed } from '../manager/rig.js';
import { browserTest, open, says } from './rig.js';

async function find(page: Page, text: string): Promise<void> {
  await page.fill('#query', text);
  await page.press('#query', 'Enter');
}

/** Id of a guild of this shard out of six, as long as a real one. */
const guildOf = (shardId: number) => String(BigInt(60_000_000_000 + shardId) << 22n);

browserTest(
  'the find field finds a shard by its id or a guild’s, or shows why not',
  managed(
    { simulator: { shards: 6, maxConcurrency: 6 }, manager: { total: 6, ids: { start: 0, end: 3 } } },
    async ({ manager }) => {
      await manager.connect();
      await using dashboard = serveDashboard(manager);
      await dashboard.ready;
      await using page = await open(dashboard.url);
      await find(page, '3');
      await says(page, '#facts h2', /^Shard 3$/);
      await find(page, '#1');
      await says(page, '#facts h2', /^Shard 1$/);
      await find(page, guildOf(2));
      await says(page, '#facts h2', /^Shard 2$/);
      expect(new URL(page.url()).hash).toBe('#shard=2');
      await find(page, guildOf(5));
      await says(page, '.answer', 'That guild is on shard 5 of 6, which does not run here');
      await find(page, '6');
      await says(page, '.answer', 'There are 6 shards, 0 to 5');
      await find(page, '4');
      await says(page, '.answer', 'Shard 4 does not run here');
      await says(page, '#facts h2', /^Shard 2$/);
    },
  ),
);

const focusedKey = (page: Page) => page.evaluate<string | null>('document.activeElement.dataset.key ?? null');

browserTest(
  'the keyboard reaches the grid, moves over its cells and selects a shard',
  managed({ simulator: { shards: 40, maxConcurrency: 40 } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true });
    await dashboard.ready;
    await using page = await open(dashboard.url);
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('query');
    await page.keyboard.type('/7');
    expect(await page.inputValue('#query')).toBe('/7');
    await page.keyboard.press('Tab');
    // The grid is a single tab stop, at the selected cell.
    expect(await focusedKey(page)).toBe('0');
    await says(page, '.tooltip:visible', /^Shard 0 Connected for /);
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowDown']) await page.keyboard.press(key);
    const columns = await page.evaluate<string>(`document.querySelector('#grid').style.getPropertyValue('--columns')`);
    expect(await focusedKey(page)).toBe(String(1 + Number(columns)));
    await says(page, '#facts h2', /^Shard 0$/);
    await page.keyboard.press('Enter');
    await says(page, '#facts h2', `Shard ${1 + Number(columns)}`);
    await page.keyboard.press('End');
    await page.keyboard.press(' ');
    await says(page, '#facts h2', /^Shard 39$/);
    await page.keyboard.press('Tab');
    expect(await focusedKey(page)).toBe(null);
    const seen: string[] = [];
    while (!seen.includes('Life') && seen.length < 20) {
      seen.push(await page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.innerText'));
      await page.keyboard.press('Tab');
    }
    expect(seen).toEqual(expect.arrayContaining(['List of incidents', 'Connect', 'Close', 'Life']));
  }),
);

browserTest(
  'the arrow keys move between the tabs of the charts',
  managed({}, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    await page.focus('role=tab[name="Life"]');
    for (const tab of ['Shard', 'Heartbeat', 'Bucket', 'Life']) {
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('[role=tab][aria-selected=true]').innerText()).toBe(tab);
    }
  }),
);

browserTest(
  'a URL with a shard in it selects that shard',
  managed({ simulator: { shards: 3, maxConcurrency: 3 } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(`${dashboard.url}#shard=2`);
    await says(page, '#facts h2', /^Shard 2$/);
  }),
);
