/** Takes the pictures of the page for the README, of simulated shards in trouble: `npm run screenshots`. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page, ViewportSize } from 'playwright-core';
import { createAuditLog } from '../src/audit/index.js';
import { serveAuditDashboard, serveDashboard } from '../src/dashboard/index.js';
import { createShardManager } from '../src/manager/manager.js';
import { createGatewaySimulator } from '../src/simulator/index.js';
import { launchChromium } from './chromium.js';

const SHARDS = 240;
const CONCURRENCY = 16;
const WINDOW_MS = 150;

const pictures = fileURLToPath(new URL('../../pictures/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'shardchart-screenshots-'));
const file = join(folder, 'bad-night.log');

async function open(browser: Browser, url: string | null, viewport: ViewportSize): Promise<Page> {
  const page = await browser.newPage({ viewport, colorScheme: 'dark', locale: 'en-GB' });
  await page.goto(`${url}`);
  await page.waitForSelector('.state.active', { state: 'attached' });
  return page;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** The smallest rectangle around all of these elements, with a little room. */
async function around(page: Page, selectors: readonly string[]) {
  const boxes = await Promise.all(selectors.map((selector) => page.locator(selector).boundingBox()));
  const all = boxes.filter((box) => box !== null);
  const [x, y] = [Math.min(...all.map((box) => box.x)) - 8, Math.min(...all.map((box) => box.y)) - 8];
  const [right, bottom] = [
    Math.max(...all.map((box) => box.x + box.width)),
    Math.max(...all.map((box) => box.y + box.height)),
  ];
  return { x, y, width: right + 8 - x, height: bottom + 8 - y };
}

/** A fleet through whose night the pictures are taken. */
async function liveNight(browser: Browser): Promise<void> {
  const simulator = await createGatewaySimulator({
    shards: SHARDS,
    maxConcurrency: CONCURRENCY,
    identifyWindow: WINDOW_MS,
    heartbeatInterval: 4_000,
    heartbeatSlack: 60_000,
    record: false,
  });
  const manager = createShardManager({
    token: 'simulated',
    intents: 513,
    api: simulator.apiUrl,
    identifyWindow: WINDOW_MS + 50,
  });
  const log = createAuditLog({ file });
  log.attach(manager);
  await using dashboard = serveDashboard(manager, { controls: true, simulator });
  await dashboard.ready;
  await manager.connect();
  let sent = 0;
  const traffic = setInterval(() => {
    for (const end = sent + 30; sent < end; sent += 1)
      simulator.dispatch('TYPING_START', { user_id: '1' }, sent % SHARDS);
  }, 50);
  const shard = manager.shards.get(7);

  const page = await open(browser, `${dashboard.url}#shard=7`, { width: 1440, height: 900 });
  const some = (every: number, from: number) =>
    Array.from({ length: Math.ceil((SHARDS - from) / every) }, (_, n) => from + n * every);
  // A few heartbeats, for the plot.
  await sleep(20_000);
  simulator.next({ at: 'identify', times: 12, delay: 4_000 });
  for (const id of some(9, 4)) simulator.apply({ invalidSession: false }, id);
  await sleep(2_500);
  simulator.next({ at: 'resume', times: 40, delay: 1_500 });
  for (const id of some(8, 7)) simulator.apply({ reset: true }, id);
  await until(() => shard?.state === 'Resuming');
  await sleep(350);
  await page.screenshot({ path: `${pictures}live.png` });

  const phone = await open(browser, `${dashboard.url}#shard=7`, { width: 390, height: 844 });
  await phone.screenshot({ path: `${pictures}phone.png` });
  await phone.close();

  await until(() => manager.status().counts.Connected === SHARDS);
  await page.setViewportSize({ width: 1760, height: 1_000 });
  await page.click('role=tab[name="Shard"]');
  simulator.next({ at: 'resume', shardId: 7, delay: 1_500 });
  simulator.apply({ reconnect: true }, 7);
  await until(() => shard?.state === 'Resuming');
  await sleep(700);
  await page.screenshot({ path: `${pictures}recovery.png`, clip: await around(page, ['.shard', '.side']) });
  await page.close();

  await until(() => manager.status().counts.Connected === SHARDS);
  clearInterval(traffic);
  await log.close();
  await manager.shutdown();
  await simulator.close();
}

async function playedNight(browser: Browser): Promise<void> {
  await using dashboard = await serveAuditDashboard(file);
  const page = await open(browser, `${dashboard.url}#shard=7`, { width: 1440, height: 900 });
  await page
    .locator('.incident', { has: page.locator('.tag', { hasText: 'resume' }) })
    .last()
    .click();
  await page.click('text="1×"');
  await page.click('.player-play');
  await sleep(500);
  await page.click('.player-play');
  await page.screenshot({ path: `${pictures}audit.png` });
}

mkdirSync(pictures, { recursive: true });
const browser = await launchChromium();
try {
  await liveNight(browser);
  await playedNight(browser);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
