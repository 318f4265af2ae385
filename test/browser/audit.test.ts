import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Dashboard, serveAuditDashboard } from '../../src/dashboard/index.js';
import type { AuditIncident, AuditShard, AuditTimeline } from '../../src/dashboard/messages.js';
import { createAuditLog, type TransitionRecord } from '../../src/index.js';
import { logOf } from '../dashboard/auditRig.js';
import { reached, until } from '../shard/rig.js';
import { managed } from '../manager/rig.js';
import { edgesFor, flashed, flashing, forgetFlashes, heldFlashes, holdFlashes, watchFlashes } from './flashes.js';
import { agree, browserTest, cellsOf, isShown, newPage, open, says, select, textOf, untilAsync } from './rig.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-browser-'));
const file = join(folder, 'night.log');
let records: TransitionRecord[] = [];
let dashboard: Dashboard;

/** A short bad night of four shards: some drops, a lost session, and a fatal close. */
beforeAll(async () => {
  const night = managed({ simulator: { shards: 4, maxConcurrency: 4 } }, async ({ manager, simulator }) => {
    await using log = createAuditLog({ file });
    log.attach(manager);
    await manager.connect();
    const all = [...manager.shards.values()];
    const recovered = (connections: number, ...ids: number[]) =>
      until(() =>
        all.every(
          ({ id, stats, state }) => !ids.includes(id) || (stats.connections === connections && state === 'Connected'),
        ),
      );
    simulator.apply({ reset: true }, 1);
    simulator.apply({ reset: true }, 2);
    await recovered(2, 1, 2);
    simulator.apply({ invalidSession: false }, 2);
    await recovered(3, 2);
    manager.on('fatal', () => {});
    simulator.apply({ closeWith: 4014 }, 3);
    await until(() => manager.shards.get(3)?.state === 'Offline');
    await all[1]?.close();
    await reached(all[1] as (typeof all)[number], 'Offline');
  });
  await night();
  records = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TransitionRecord)
    .toSorted((a, b) => a.at - b.at);
  dashboard = await serveAuditDashboard(file);
});

afterAll(async () => {
  await dashboard?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** States of the shards at a time, computed from the log alone. */
function statesAt(at: number): Record<string, string> {
  const states: Record<string, string> = {};
  for (const { shardId, from } of records.toReversed()) states[shardId] = from;
  for (const { shardId, to, decision } of records.filter((record) => record.at <= at)) {
    states[shardId] = to === 'Offline' && decision?.action === 'fatal' ? 'fatal' : to;
  }
  return states;
}

const begin = () => (records[0] as TransitionRecord).at;
const end = () => (records.at(-1) as TransitionRecord).at;

/** The time that the slider shows. */
const moment = async (page: Page): Promise<number> =>
  begin() + Math.round(Number(await page.inputValue('.player-slider')));

async function drag(page: Page, from: number, to: number): Promise<void> {
  const box = await page.locator('.player-slider').boundingBox();
  if (box === null) throw new Error('no slider');
  const at = (share: number) => [box.x + 8 + share * (box.width - 16), box.y + box.height / 2] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 5 });
  await page.mouse.up();
}

const press = (page: Page, label: RegExp | string) =>
  page
    .locator('.player')
    .getByRole('button', { name: label, exact: typeof label === 'string' })
    .click();

describe('the audit player', () => {
  browserTest('opens at the end of the log, with its final states', async () => {
    await using page = await open(dashboard.url);
    await agree(
      () => cellsOf(page),
      () => statesAt(end()),
    );
    expect(statesAt(end())).toMatchObject({ '0': 'Connected', '1': 'Offline', '2': 'Connected' });
    expect(await textOf(page, '.player-note')).toBe('End of the log');
    expect(await textOf(page, '#link')).toBe('audit log');
    expect(await page.locator('#controls').isVisible()).toBe(false);
  });

  browserTest('shows the states of the log at any time the slider is dragged to', async () => {
    await using page = await open(dashboard.url);
    const met = new Set<string>();
    for (const [from, to] of [
      [1, 0.45],
      [0.45, 0.5],
      [0.5, 0.55],
      [0.55, 0.62],
      [0.62, 0.7],
      [0.7, 0],
      [0, 1],
    ] as const) {
      await drag(page, from, to);
      const at = await moment(page);
      await untilAsync(async () => expect(await cellsOf(page)).toEqual(statesAt(at)));
      for (const state of Object.values(statesAt(at))) met.add(state);
    }
    // The jumps led to several times within the night.
    expect(met.size).toBeGreaterThan(1);
    expect(await moment(page)).toBe(end());
  });

  browserTest('shows the states of each record at its time', async () => {
    await using page = await open(dashboard.url);
    for (const { at } of records) {
      await page.locator('.player-slider').evaluate(
        (slider: { value: string; dispatchEvent(event: Event): void }, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        },
        String(at - begin()),
      );
      await untilAsync(async () => expect(await cellsOf(page)).toEqual(statesAt(at)));
    }
  });

  browserTest('plays from the beginning to the end of the log, at the highest speed', async () => {
    await using page = await open(dashboard.url);
    await press(page, '600×');
    await press(page, 'Play');
    await says(page, '.player-note', 'End of the log');
    await page.waitForSelector('.player-play[aria-label=Play]');
    await agree(
      () => cellsOf(page),
      () => statesAt(end()),
    );
    expect(await moment(page)).toBe(end());
  });

  browserTest('flashes the edges that the selected shard takes while it plays', async () => {
    await using page = await open(dashboard.url);
    await select(page, '2');
    await says(page, '#facts h2', 'Shard 2');
    await page.waitForSelector('.steps li');
    await watchFlashes(page);
    await press(page, '1×');
    await page.focus('.player-slider');
    await page.keyboard.press('Home');
    await page.keyboard.press(' ');
    await untilAsync(async () => {
      const edges = (await flashed(page)).join();
      expect(edges).toContain('shard.Online.link.session|gateway.invalidSession|1');
      expect(edges).toContain('gateway.ready|0');
      expect(edges).toContain('gateway.resumed|0');
    }, 20_000);
    expect(await page.locator('#latency').isVisible()).toBe(false);
  });

  browserTest('flashes the edges of a step forward', async () => {
    await using page = await open(dashboard.url);
    await select(page, '2');
    await says(page, '#facts h2', 'Shard 2');
    await page.focus('.player-slider');
    await page.keyboard.press('Home');
    await watchFlashes(page);
    const seen = new Set<string>();
    const shard = (await (await fetch(new URL('/audit/shards/2', `${dashboard.url}`))).json()) as AuditShard;
    const later = shard.steps.filter(({ at }) => at > begin());
    for (const { at, taken } of later.filter((step, n) => step.at !== later[n + 1]?.at).slice(0, 4)) {
      await forgetFlashes(page);
      await press(page, /^Next transition/);
      expect(await moment(page)).toBe(at);
      const edges = await edgesFor(page, taken);
      await untilAsync(async () => expect(await flashed(page)).toEqual(expect.arrayContaining(edges)));
      for (const edge of edges) seen.add(edge);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  browserTest('ends all flashes at a jump to another time', async () => {
    await using page = await newPage();
    await holdFlashes(page);
    await page.goto(`${dashboard.url}`);
    await isShown(page);
    await select(page, '2');
    await says(page, '#facts h2', 'Shard 2');
    await page.focus('.player-slider');
    await page.keyboard.press('Home');
    await press(page, /^Next transition/);
    for (const leave of [
      () => press(page, /^Previous transition/),
      () => page.locator('.player-slider').press('End'),
    ]) {
      await press(page, /^Next transition/);
      await untilAsync(async () => expect(await flashing(page)).toBeGreaterThan(0));
      await leave();
      await untilAsync(async () => expect(await flashing(page)).toBe(0));
    }
    expect(await heldFlashes(page)).toBeGreaterThan(0);
    const slider = page.locator('.player-slider');
    await press(page, '1×');
    // Repeated where the short log ended too early.
    await untilAsync(async () => {
      await slider.press('Home');
      if (await page.locator('.player-play[aria-label=Play]').isVisible()) await slider.press(' ');
      await untilAsync(async () => expect(await flashing(page)).toBeGreaterThan(0));
      await slider.press('End');
      await untilAsync(async () => expect(await flashing(page)).toBe(0), 1_000);
    }, 20_000);
  });

  browserTest('jumps to the time and a shard of an incident, from the list, the strip and the buttons', async () => {
    await using page = await open(dashboard.url);
    const { incidents } = (await (await fetch(new URL('/audit/timeline', `${dashboard.url}`))).json()) as AuditTimeline;
    const [first, second, third] = incidents;
    const shows = async (incident: AuditIncident | undefined) => {
      await untilAsync(async () => expect(await moment(page)).toBe(incident?.at));
      const key = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('shard');
      expect(incident?.ids.map(String)).toContain(key);
      await says(page, '#facts h2', `Shard ${key}`);
    };
    await select(page, '0');
    await page.click(`#incidents li[data-incident="${second?.id}"] button`);
    await shows(second);
    await press(page, /^Next incident/);
    await shows(third);
    await page.click(`.mark[data-incident="${first?.id}"]`, { force: true });
    await shows(first);
    // A shard of the incident stays selected.
    await select(page, String(first?.ids[1]));
    await press(page, /^Next incident/);
    await press(page, /^Previous incident/);
    await select(page, String(first?.ids[1]));
    await press(page, /^Next incident/);
    await shows(second);
  });

  browserTest('cannot be played for a log of a single record', async () => {
    const alone = logOf([records[0] as TransitionRecord]);
    await using single = await serveAuditDashboard(alone);
    await using page = await open(single.url);
    expect(await page.locator('.player-play').isDisabled()).toBe(true);
    await page.keyboard.press(' ');
    expect(await textOf(page, '.player-note')).toBe('');
    expect(await textOf(page, '.player-date')).toMatch(/\d{4},? [A-Z]/);
  });

  browserTest('jumps between incidents, and between steps of a shard', async () => {
    await using page = await open(dashboard.url);
    const { incidents } = (await (await fetch(new URL('/audit/timeline', `${dashboard.url}`))).json()) as {
      incidents: { at: number; shards: number }[];
    };
    expect(incidents.map(({ shards }) => shards)).toEqual([2, 1, 1]);
    await press(page, /^Previous incident/);
    expect(await moment(page)).toBe(incidents[2]?.at);
    await press(page, /^Previous incident/);
    expect(await moment(page)).toBe(incidents[1]?.at);
    await page.keyboard.press('Enter');
    expect(await moment(page)).toBe(incidents[0]?.at);
    await untilAsync(async () => expect(await page.locator('#incidents li').count()).toBe(1));
    await says(page, '#incidents', /^\S+ (2 shards|shard [12])/);
    expect(await page.locator('.player-previousIncident').getAttribute('aria-disabled')).toBe('true');
    await press(page, /^Next incident/);
    expect(await moment(page)).toBe(incidents[1]?.at);
    await select(page, '2');
    await says(page, '#facts h2', 'Shard 2');
    const own = records.filter(({ shardId, at }) => shardId === 2 && at > (incidents[1]?.at ?? 0));
    for (const { at } of own.filter((record, n) => record.at !== own[n + 1]?.at)) {
      await press(page, /^Next transition/);
      expect(await moment(page)).toBe(at);
      await untilAsync(async () => expect(await cellsOf(page)).toEqual(statesAt(at)));
    }
  });
});
