import { expect } from 'vitest';
import { FleetServer } from '../../src/cli/commands/fleet/fleetServer.js';
import type { FleetStatus } from '../../src/fleet/index.js';
import { browserTest, newPage, PHONE, says, textOf } from './rig.js';

const TOTAL = 24;

function status(workers: readonly string[], isLost = false): FleetStatus {
  return {
    total: TOTAL,
    nextTotal: null,
    workers: workers.map((worker, at) => ({
      worker,
      state: isLost && at === 1 ? 'gone' : 'serving',
      shards: TOTAL / workers.length,
      capacity: at === 0 ? 16 : null,
      since: Date.now() - 3_600_000,
      beatAgo: 300,
    })),
    shards: Array.from({ length: TOTAL }, (_, id) => ({
      id,
      worker: isLost && id % workers.length === 1 ? null : (workers[id % workers.length] ?? null),
      state: isLost && id % workers.length === 1 ? null : 'Connected',
      latency: 41.5,
      sessionAge: 7_200_000,
      events: null,
    })),
    identifies: { waiting: 2, total: 1_000, remaining: 976, resetAt: 0 },
    groups: [{ group: 'web', lag: 12, pending: 3 }],
  };
}

browserTest('the page of a fleet shows workers with their shards, consumers, and a worker that is lost', async () => {
  const workers = ['w-1', 'w-<b>2', 'w-3'];
  let now: FleetStatus | Error = status(workers);
  const answer = () => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now));
  const server = new FleetServer({ port: 0, status: answer, warn: () => {} });
  await server.listen();
  const page = await newPage({ tolerates: /503/ });
  await page.goto(server.url as string);
  await says(page, '#summary', '24 of 24 shards up, 3 workers');
  expect(await textOf(page, '#identifies')).toBe('976 of 1000 identifies left today, 2 shards wait');
  expect(await page.locator('#workers tr').count()).toBe(3);
  expect(await textOf(page, '#workers tr:nth-child(2) th')).toBe('w-<b>2');
  expect(await textOf(page, '#workers tr:first-child td:nth-child(3)')).toBe('8 of 16');
  expect(await page.locator('#workers tr:first-child .cell[data-state=Connected]').count()).toBe(8);
  expect(await textOf(page, '#groups tr')).toBe('web 12 3');
  now = status(workers, true);
  await says(page, '#summary', '16 of 24 shards up, 2 workers');
  await says(page, '#incidents li', /worker w-<b>2 lost: 8 shards to be taken over/);
  expect(await page.locator('#free .cell').count()).toBe(8);
  if (process.env['SCREENSHOT'] !== undefined)
    await page.screenshot({ path: process.env['SCREENSHOT'], fullPage: true });
  now = status(['w-1', 'w-3']);
  await says(page, '#incidents li', /worker w-<b>2 lost: 8 shards taken over by 2 workers in \d+\.\d s, all resumed/);
  await page.setViewportSize(PHONE);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  now = new Error('Redis cannot be reached');
  await says(page, '#error', 'No status: Redis cannot be reached');
  await page.close();
  await server.close();
});
