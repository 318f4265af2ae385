import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('dashboard.mjs', import.meta.url));

test('the benchmark of the live page still runs, and its viewer is told what happens', async () => {
  const options = ['--shards=10', '--rate=100', '--rounds=1', '--seconds=1', '--no-browser', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...options]);
  const figures = JSON.parse(stdout) as { perSecond: { low: number }; bytesPerSecond: number; browser: null };
  expect(figures.perSecond.low).toBeGreaterThan(0);
  expect(figures.bytesPerSecond).toBeGreaterThan(500);
  expect(figures.browser).toBeNull();
});
