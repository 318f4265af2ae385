import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('fuzz.mjs', import.meta.url));
const fuzz = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

test('two rounds of the fuzz: inflaters and shards agree with zlib and JSON.parse, and nothing is written but the result', () => {
  const { status, stdout, stderr } = fuzz('--seed', '1', '--rounds', '2');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^ok: 200 inflate, 200 fallback,( 200 zlib-sync,)? 80 frames, seed 1, \d+ s\n$/);
});

test.each([
  ['--seed', 'x', '--seed is x. Give a whole number from 1.'],
  ['--only', 'socket', '--only is socket. Use inflate, fallback,'],
])('the fuzz refuses %s %s', (option, value, message) => {
  const { status, stderr } = fuzz(option, value);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});
