import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from './program.js';

const root = fileURLToPath(new URL('../', import.meta.url));

test('user code throws values that cannot be a string: nothing ends, nothing waits, and the log has a line', () => {
  const { stdout, stderr, status } = runProgram(`await import('./test/programs/thrown.mjs');`);
  expect({ failures: stdout, status }, stderr).toEqual({ failures: '[]', status: 0 });
});

test('no source makes a caught value a string by itself: messageOf and stackOf never throw', () => {
  const names = String.raw`(?:error|cause|thrown|err)`;
  const unsafe = new RegExp(
    String.raw`String\(${names}\)|\$\{${names}\}|\(${names} as Error\)\.(?:message|stack)|\b${names} instanceof Error \?`,
  );
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter(
    // The page runs in a browser and calls no user code; messageOf is the safe reading.
    (path) => path.endsWith('.ts') && !path.startsWith('dashboard/page/') && path !== 'util/messageOf.ts',
  );
  const found = sources.flatMap((path) =>
    readFileSync(`${root}src/${path}`, 'utf8')
      .split('\n')
      .flatMap((line, index) => (unsafe.test(line) ? [`src/${path}:${index + 1} ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
