import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('fleet.mjs', import.meta.url));

const run = async (...options: string[]) =>
  (await promisify(execFile)(process.execPath, [script, '--shards=20', '--interval=200', ...options])).stdout;

test('the benchmark of many shards runs, connects them all and breaks no rule', async () => {
  const [json, text] = await Promise.all([run('--json'), run('--max-concurrency=10')]);
  const figures = JSON.parse(json) as Record<string, unknown>;
  expect(figures).toMatchObject({ shards: 20, connected: 20, violations: [], maxConcurrency: 20 });
  for (const name of ['connectMs', 'connectCpuMs', 'rss', 'beats', 'idleCpuPercent']) {
    expect(figures[name], name).toBeGreaterThan(0);
  }
  expect(text).toMatch(/^20 of 20 shards Connected, max_concurrency 10;/);
});
