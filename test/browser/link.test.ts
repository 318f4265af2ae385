import { networkInterfaces } from 'node:os';
import { expect } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { countListeners } from '../dashboard/rig.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { countObservers } from '../inspector/rig.js';
import {
  agree,
  browserTest,
  cellsOf,
  isShown,
  newPage,
  open,
  PHONE,
  says,
  statesOf,
  textOf,
  untilAsync,
} from './rig.js';

const isOver = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

browserTest(
  'the page shows since when the server is away, and is current again when it is back',
  managed({ simulator: { shards: 3, maxConcurrency: 3 } }, async ({ manager }) => {
    await manager.connect();
    await using first = serveDashboard(manager);
    await first.ready;
    const { url } = first;
    await using page = await open(url, { tolerates: isOver });
    await says(page, '#link', /^live$/);
    await first.stop();
    await says(page, '#link', /^no update since \d\d:\d\d:\d\d$/);
    expect(await page.getAttribute('html', 'class')).toContain('waiting');
    expect(await page.title()).toBe('no updates · shardchart');
    // The stale page still fits another width.
    await page.setViewportSize(PHONE);
    await untilAsync(async () => {
      const { x = 0, width = 0 } = (await page.locator('#latency text:text-is("now")').boundingBox()) ?? {};
      expect([x > 0, x + width < PHONE.width]).toEqual([true, true]);
    });
    await manager.shards.get(2)?.close();
    expect(await cellsOf(page)).toMatchObject({ '2': 'Connected' });
    await using second = serveDashboard(manager, { port: Number(new URL(`${url}`).port) });
    await second.ready;
    await says(page, '#link', /^live$/);
    expect(await page.getAttribute('html', 'class')).not.toContain('waiting');
    await untilAsync(async () => expect(await page.title()).toBe('1 down · shardchart'));
    await agree(
      () => cellsOf(page),
      () => statesOf(manager),
    );
    // Details of the selected shard arrive again.
    await manager.shards.get(0)?.reconnect();
    await says(page, '#steps li:has(.decision)', /reconnect/);
    await page.close();
  }),
);

browserTest(
  'a page without shards says so, shows new ones, and says when they have gone',
  managed({ simulator: { shards: 2, maxConcurrency: 2 } }, async ({ manager }) => {
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await newPage();
    await page.goto(`${dashboard.url}`);
    await says(page, 'header', /No shards Offline/);
    expect(await page.locator('#chart').isVisible()).toBe(false);
    expect(await page.locator('.chip:visible').count()).toBe(6);
    await manager.connect();
    await isShown(page);
    await says(page, 'header', '2 of 2 shards connected');
    await says(page, '#zone', /^times in \S+$/);
    await manager.shutdown();
    await says(page, 'header', /No shards Offline/);
    await says(page, '[aria-label="Fleet"] .none', 'No shards.');
  }),
);

browserTest(
  'on all addresses the page needs the token, and removes it from its URL',
  managed({}, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { host: '0.0.0.0' });
    await dashboard.ready;
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const own = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
    const url = new URL(`${dashboard.url}`.replace('127.0.0.1', own));
    expect(url.searchParams.get('token')).toMatch(/^[\w-]{20,}$/);
    await using page = await newPage({ hosts: [own], tolerates: /status of 401/ });
    for (const path of ['/', '/?token=wrong-wrong-wrong-wrong', '/setup', '/events', '/page/main.js']) {
      expect([path, (await page.goto(new URL(path, url).href))?.status()]).toEqual([path, 401]);
    }
    await page.goto(url.href);
    await isShown(page);
    expect(page.url()).toMatch(new RegExp(`^${url.origin}/(#shard=0)?$`));
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await isShown(page);
    expect(await textOf(page, '#link')).toBe('live');
  }),
);

browserTest(
  'forty reloads of a page leave no stream, listener or observer behind',
  managed({ simulator: { shards: 2, maxConcurrency: 2 } }, async ({ manager }) => {
    await manager.connect();
    const shards = [...manager.shards.values()];
    const attached = [...shards, manager].map(countListeners);
    const observed = shards.map(({ actor }) => countObservers(actor));
    const counts = () => [...attached, ...observed].map((count) => count());
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    const alone = counts();
    // Twenty new streams a second are allowed; a refused page retries.
    await using page = await newPage({ tolerates: /status of 503/ });
    for (let round = 1; round <= 40; round += 1) {
      // Every fifth page gets its stream before the reload.
      const asked = round % 5 === 0 ? page.waitForRequest(/\/events/) : null;
      await page.goto(`${dashboard.url}?${round}`, { waitUntil: 'commit' });
      await asked;
    }
    await isShown(page);
    await until(() => dashboard.viewers === 1);
    await untilAsync(async () => expect(counts()).not.toEqual(alone));
    await page.close();
    await until(() => dashboard.viewers === 0);
    expect(counts()).toEqual(alone);
  }),
  60_000,
);
