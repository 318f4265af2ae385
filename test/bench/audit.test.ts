import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('audit.mjs', import.meta.url));

test('the benchmark of the audit log runs, and measures every variant', () => {
  const output = execFileSync(process.execPath, [script, '--quick', '--json'], { encoding: 'utf8' });
  const { results } = JSON.parse(output) as { results: { name: string; transitionUs: number; ackUs: number }[] };
  expect(results.map(({ name }) => name)).toEqual([
    'chart alone',
    'nothing attached',
    'log in memory',
    'log to a file',
  ]);
  for (const { transitionUs, ackUs } of results) {
    expect(transitionUs).toBeGreaterThan(0);
    expect(ackUs).toBeGreaterThan(0);
  }
});
