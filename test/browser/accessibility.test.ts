import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveAuditDashboard, serveDashboard } from '../../src/dashboard/index.js';
import { createAuditLog, type ShardManager } from '../../src/index.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { newLog } from '../dashboard/auditRig.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { browserTest, DESKTOP, graveFaults, open, PHONE, says, select, untilAsync } from './rig.js';

/** Longer than the test takes. */
const LONG_MS = 180_000;

const fleet = {
  simulator: { shards: 6, maxConcurrency: 6 },
  manager: {
    options: { timeouts: { handshake: LONG_MS, hello: LONG_MS, ready: LONG_MS, resumed: LONG_MS, close: LONG_MS } },
  },
};

/** Brings the shards into every state, a different one each, and keeps them there. */
async function spread(manager: ShardManager, simulator: GatewaySimulator): Promise<void> {
  await manager.connect();
  const [, first, second, third, fourth, fifth] = [...manager.shards.values()];
  const counts = () => manager.status().counts;
  simulator.next({ at: 'resume', shardId: 3, delay: LONG_MS });
  simulator.next({ at: 'identify', shardId: 2, delay: LONG_MS });
  void third?.reconnect().catch(() => {});
  void second?.reinstantiate().catch(() => {});
  await fourth?.close();
  await until(() => counts().Resuming === 1 && counts().Identifying === 1);
  simulator.apply({ ignoreClose: true }, 5);
  void fifth?.reconnect().catch(() => {});
  simulator.next({ at: 'upgrade', hang: true });
  void first?.reconnect().catch(() => {});
  await until(() => Object.values(counts()).every((count) => count === 1));
}

/** Grave faults that axe finds in dark and light, on a desktop and on a phone. */
async function graveInAnyLook(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [PHONE, DESKTOP]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      found.push(...(await graveFaults(page)).map((fault) => `${colorScheme} ${viewport.width}: ${fault}`));
    }
  }
  return found;
}

browserTest(
  'axe finds no grave fault in the live page, in any state of shards and viewer',
  managed(fleet, async ({ manager, simulator }) => {
    await spread(manager, simulator);
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    await using page = await open(dashboard.url, { tolerates: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/ });
    expect(await graveInAnyLook(page)).toEqual([]);
    await select(page, '0');
    for (const tab of ['Shard', 'Heartbeat', 'Bucket', 'Life']) {
      await page.click(`role=tab[name="${tab}"]`);
      await page.waitForSelector('.state.active', { state: 'attached' });
      expect([tab, await graveFaults(page)]).toEqual([tab, []]);
    }
    await page.hover('.cell[data-key="3"]');
    await says(page, '.tooltip:visible', /^Shard 3 Resuming/);
    expect(await graveFaults(page)).toEqual([]);
    await page.click('#controls button:text-is("Close")');
    await page.waitForSelector('dialog[open]');
    expect(await graveFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dashboard.stop();
    await untilAsync(async () => expect(await page.getAttribute('html', 'class')).toContain('waiting'));
    expect(await graveInAnyLook(page)).toEqual([]);
    // A clean close would wait for the shards that do not answer.
    manager.forceClose();
  }),
  60_000,
);

browserTest(
  'axe finds no grave fault in the audit player',
  async () => {
    const file = newLog();
    await managed(fleet, async ({ manager, simulator }) => {
      await using log = createAuditLog({ file });
      log.attach(manager);
      await spread(manager, simulator);
      manager.forceClose();
    })();
    await using dashboard = await serveAuditDashboard(file);
    await using page = await open(dashboard.url);
    await page.click('.player button[aria-label="Previous incident"]');
    expect(await graveInAnyLook(page)).toEqual([]);
  },
  60_000,
);
