import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('dashboard.mjs', import.meta.url));

async function run(...more: string[]): Promise<string> {
  const options = ['--shards=10', '--rate=100', '--rounds=1', '--seconds=1', '--no-browser', ...more];
  return (await promisify(execFile)(process.execPath, [script, ...options])).stdout;
}

test.concurrent('the benchmark of the live page runs, and its viewer receives changes', async () => {
  const figures = JSON.parse(await run('--json')) as {
    perSecond: { low: number };
    bytesPerSecond: number;
    browser: null;
  };
  expect(figures.perSecond.low).toBeGreaterThan(0);
  expect(figures.bytesPerSecond).toBeGreaterThan(500);
  expect(figures.browser).toBeNull();
});

test.concurrent('the benchmark of the live page prints its figures, and what it skipped', async () => {
  expect(await run()).toMatch(/one viewer +-?\d+\.\d \(.*\nsent to the viewer +[1-9]\d* KiB\/s\n.*SKIPPED/s);
});
