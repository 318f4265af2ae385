import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('wasm/ compiles to the module that is in the sources', () => {
  const script = fileURLToPath(new URL('../wasm/build.mjs', import.meta.url));
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toBe('as it is compiled\n');
});
