import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveDashboard } from '../../src/dashboard/index.js';
import { watching } from '../dashboard/rig.js';
import { until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { edgesFor, flashed, flashing, pictureOf, watchFlashes } from './flashes.js';
import { browserTest, DESKTOP, isShown, newPage, open, PHONE, says, select, styleOf, untilAsync } from './rig.js';

const fleetOf = (shards: number) => ({ simulator: { shards, maxConcurrency: shards } });

const activeState = (page: Page) => page.locator('.state.active').getAttribute('data-state');

browserTest.for([
  ['Life', 'Online.link.session.Connected'],
  ['Shard', 'Online.link.session.Connected.'],
] as const)('a fault flashes exactly the edges that are taken: %s', ([tab, connected]) =>
  managed(fleetOf(2), async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    using viewer = await watching(dashboard.url, '1');
    await using page = await open(dashboard.url);
    await select(page, '1');
    await says(page, '#facts h2', 'Shard 1');
    await page.click(`role=tab[name="${tab}"]`);
    await page.waitForSelector(`.state.active[data-state^="${connected}"]`, { state: 'attached' });
    await watchFlashes(page);
    await page.click('text="Ask to reconnect"');
    const shard = manager.shards.get(1);
    await until(() => shard?.stats.resumes === 1 && shard.state === 'Connected');
    await untilAsync(async () => {
      const taken = viewer.all('shard').flatMap((message) => message.taken.map(({ edge }) => edge));
      const fault = taken.findIndex((edge) => edge.includes('gateway.reconnect|0'));
      const expected = await edgesFor(page, taken.slice(Math.max(fault, 0)));
      expect(expected.join()).toContain('gateway.reconnect|0');
      expect(expected.join()).toContain('gateway.resumed|0');
      expect(await flashed(page)).toEqual(expect.arrayContaining(expected));
      // A timer or a heartbeat may have caused further flashes.
      expect(await edgesFor(page, taken)).toEqual(expect.arrayContaining(await flashed(page)));
    });
    expect((await flashed(page)).join()).not.toContain('gateway.invalidSession');
    await untilAsync(async () => expect(await flashing(page)).toBe(0));
  })(),
);

browserTest(
  'the current state of a shard is lit, and the list of transitions has the reasons of decisions',
  managed(
    { ...fleetOf(2), manager: { options: { timeouts: { resumed: 60_000 } } } },
    async ({ manager, simulator }) => {
      await manager.connect();
      await using dashboard = serveDashboard(manager, { controls: true, simulator });
      await dashboard.ready;
      await using page = await open(dashboard.url);
      await page.click('role=tab[name="Shard"]');
      await untilAsync(async () => expect(await activeState(page)).toMatch(/^Online\.link\.session\.Connected\./));
      simulator.next({ at: 'resume', shardId: 0, delay: 60_000 });
      await page.click('text="Ask to reconnect"');
      await untilAsync(async () => expect(await activeState(page)).toBe('Online.link.session.Resuming.replaying'));
      await says(page, '#facts .state', 'Resuming');
      await says(
        page,
        '#steps li:has(.decision)',
        /Connected → D Disconnected gateway\.reconnect resume .*4900 gateway asked to reconnect \(op 7\)/,
      );
      await says(page, '#controls .status', 'Ask to reconnect: sent');
      await page.click('text="Cut the connection"');
      await says(page, '#facts .state', 'Connected');
      await says(page, '#facts dl', /Connections 3 Identifies 1 Resumes 2/);
    },
  ),
);

/** Scale of the picture, and whether the lit state is in view. */
const measure = async (page: Page) => {
  const scale = await page.evaluate<number>(
    `(({ clientWidth, viewBox }) => clientWidth / viewBox.baseVal.width)(${pictureOf}.querySelector('svg'))`,
  );
  const [frame, box] = await Promise.all(
    ['.scroller', '.state.active > .box'].map((it) => page.locator(it).boundingBox()),
  );
  if (!frame || !box) throw new Error('nothing is lit');
  const isIn = box.x >= frame.x && box.x + box.width <= frame.x + frame.width && box.y >= frame.y;
  return { scale, isInView: isIn && box.y + box.height <= frame.y + frame.height };
};

browserTest(
  'a picture is readable with its lit state in view; a click stops following in that picture only',
  managed(fleetOf(2), async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    await using page = await open(dashboard.url);
    for (const viewport of [PHONE, DESKTOP, { width: 2200, height: 1500 }]) {
      await page.setViewportSize(viewport);
      await untilAsync(async () => {
        const { scale, isInView } = await measure(page);
        expect([scale >= 0.6, isInView]).toEqual([true, true]);
      });
    }
    // The whole picture fits, so there is nothing to follow.
    expect(await page.locator('text="Follow"').isVisible()).toBe(false);
    await page.click('.scroller');
    await page.click('role=tab[name="Shard"]');
    await untilAsync(async () => expect((await measure(page)).isInView).toBe(true));
    await page.click('.scroller');
    expect(await page.getAttribute('text="Follow"', 'aria-pressed')).toBe('false');
    await page.click('role=tab[name="Life"]');
    await page.click('role=tab[name="Shard"]');
    expect(await page.getAttribute('text="Follow"', 'aria-pressed')).toBe('true');
    await untilAsync(async () => expect((await measure(page)).isInView).toBe(true));
  }),
);

browserTest(
  'the time axis of the plots moves on while a shard is down',
  managed({ simulator: { heartbeatInterval: 300, heartbeatSlack: 5_000 } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    const lastDot = async () =>
      Number(/M([\d.]+) [\d.]+h0$/.exec((await page.getAttribute('#latency .dots', 'd')) ?? '')?.[1] ?? Number.NaN);
    await untilAsync(async () => expect(await lastDot()).toBeGreaterThan(0));
    await manager.shards.get(0)?.close();
    await says(page, '#facts .state', 'Offline');
    const before = await lastDot();
    await untilAsync(async () => expect(await lastDot()).toBeLessThan(before - 1));
  }),
);

browserTest(
  'edges taken while the page was hidden do not flash when it is shown again',
  managed(fleetOf(1), async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await newPage();
    // Imitates a hidden tab.
    await page.addInitScript(`{
      const drawAt = window.requestAnimationFrame;
      const put = [];
      let isHidden = false;
      Object.defineProperty(document, 'hidden', { get: () => isHidden });
      window.requestAnimationFrame = (draw) => (isHidden ? put.push(draw) : drawAt(draw));
      window.hide = (is) => {
        isHidden = is;
        if (!is) for (const draw of put.splice(0)) drawAt(draw);
      };
      window.received = '';
      const listen = EventSource.prototype.addEventListener;
      EventSource.prototype.addEventListener = function (kind, listener) {
        listen.call(this, kind, (event) => { listener(event); received += event.data ?? ''; });
      };
    }`);
    await page.goto(`${dashboard.url}`);
    await isShown(page);
    await watchFlashes(page);
    await page.evaluate('hide(true)');
    await manager.shards.get(0)?.reconnect();
    await untilAsync(async () => expect(await page.evaluate<string>('received')).toContain('gateway.resumed|0'));
    await page.evaluate('hide(false)');
    await says(page, '#steps li:has(.decision)', /reconnect/);
    expect((await flashed(page)).join()).not.toContain('gateway.resumed|0');
    await manager.shards.get(0)?.reconnect();
    await untilAsync(async () => expect((await flashed(page)).join()).toContain('gateway.resumed|0'));
  }),
);

browserTest(
  'the active states of the heartbeat and bucket charts are lit',
  managed({ simulator: { heartbeatInterval: 400, heartbeatSlack: 5_000 } }, async ({ manager }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager);
    await dashboard.ready;
    await using page = await open(dashboard.url);
    for (const tab of ['Heartbeat', 'Bucket']) {
      await page.click(`role=tab[name="${tab}"]`);
      await page.waitForSelector(`#picture[aria-labelledby="tab-${tab.toLowerCase()}"]`);
      await page.waitForSelector('.state.active', { state: 'attached' });
    }
    await page.click('role=tab[name="Heartbeat"]');
    await page.waitForSelector('.edge.taken', { state: 'attached' });
    await says(page, '#latency', /min \d+ · mean \d+ · max \d+ ms/);
    await says(page, '#bucket', /[1-9]\d* of [1-9]\d* left/);
  }),
);

browserTest(
  'the buttons connect, reconnect and close a shard; costly ones ask first',
  managed(fleetOf(2), async ({ manager }) => {
    await manager.connect();
    const shard = manager.shards.get(1);
    if (shard === undefined) throw new Error('no shard 1');
    await using dashboard = serveDashboard(manager, { controls: true });
    await dashboard.ready;
    await using page = await open(dashboard.url);
    await select(page, '1');
    const press = (name: string) => page.click(`#controls button:text-is("${name}")`);
    expect(await page.locator('#controls button').allInnerTexts()).toEqual([
      'Connect',
      'Reconnect',
      'New session',
      'Close',
    ]);
    const refused = () => page.locator('#controls button[aria-disabled="true"]').allInnerTexts();
    expect(await refused()).toEqual(['Connect']);
    await press('Reconnect');
    await until(() => shard.stats.resumes === 1 && shard.state === 'Connected');
    await press('Close');
    await says(page, 'dialog h2', 'Close: shard 1?');
    await page.click('dialog button:text-is("Cancel")');
    await press('Close');
    await page.keyboard.press('Escape');
    await untilAsync(async () => expect(await page.locator('dialog').count()).toBe(0));
    await press('New session');
    await page.click('dialog button:text-is("New session")');
    await until(() => shard.stats.identifies === 2 && shard.state === 'Connected');
    // Neither way of cancelling the question has closed the shard.
    expect(shard.history.some(({ to }) => to === 'Offline')).toBe(false);
    await press('Close');
    await page.click('dialog button:text-is("Close")');
    await until(() => shard.state === 'Offline');
    await says(page, '#facts .state', 'Offline');
    await untilAsync(async () => expect(await refused()).toEqual(['Close']));
    await press('Connect');
    await until(() => shard.state === 'Connected');
    await says(page, '#controls .status', 'Connect: sent');
    expect(manager.shards.get(0)?.stats.connections).toBe(1);
  }),
);

browserTest(
  'a fault that cannot be applied shows the reason beside the buttons',
  managed(fleetOf(1), async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { controls: true, simulator });
    await dashboard.ready;
    await using page = await open(dashboard.url, { tolerates: /status of 409/ });
    await manager.shards.get(0)?.close();
    await page.click('text="Cut the connection"');
    await says(page, '#controls .status', 'Shard 0 has no connection that the fault could apply to. Connect it first.');
  }),
);

browserTest(
  'without controls there are no buttons, and a request gets 403',
  managed(fleetOf(1), async ({ manager, simulator }) => {
    await manager.connect();
    await using dashboard = serveDashboard(manager, { simulator });
    await dashboard.ready;
    await using page = await open(dashboard.url, { tolerates: /status of 403/ });
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await page.locator('#controls button').count()).toBe(0);
    const status = await page.evaluate<number>(
      `fetch('/shards/0/commands/close', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
        .then(({ status }) => status)`,
    );
    expect([status, manager.shards.get(0)?.state]).toEqual([403, 'Connected']);
  }),
);

browserTest.for(['reduce', 'no-preference'] as const)(
  'taken edges are marked, and fade unless motion is reduced: %s',
  (reducedMotion) =>
    managed(fleetOf(1), async ({ manager }) => {
      await manager.connect();
      await using dashboard = serveDashboard(manager);
      await dashboard.ready;
      await using page = await open(dashboard.url, { reducedMotion });
      const reconnected = manager.shards.get(0)?.reconnect();
      expect(await styleOf(page.locator('.edge.taken').first(), 'animation-name')).toBe(
        reducedMotion === 'reduce' ? 'none' : 'taken',
      );
      await reconnected;
    })(),
);
