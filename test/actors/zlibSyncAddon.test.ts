import { expect, test } from 'vitest';
import { abortsWhenCollected } from '../../src/actors/zlibSyncAddon.js';
import { runProgram } from '../program.js';

const withHook = Buffer.from('\0_ZN4node28RemoveEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_\0');
const without = Buffer.from('\0_ZN4node10ObjectWrap5UnrefEv\0');

test.each(['24.0.0', '24.18.1', '24.19.0', '24.21.0', '26.0.0', '26.3.1'])(
  'Node %s aborts when it collects what an addon with the hook has made, and not where there is no hook',
  (node) => {
    expect(abortsWhenCollected(withHook, node)).toBe(true);
    expect(abortsWhenCollected(without, node)).toBe(false);
  },
);

test.each(['26.4.0', '26.10.0', '27.0.0', '28.1.2'])('Node %s does not abort', (node) => {
  expect(abortsWhenCollected(withHook, node)).toBe(false);
});

// Fails on Node 24.19 and later 24.x, with zlib-sync built there, if zlib-sync is used all the same.
test('a process outlives the inflaters of connections that have ended', () => {
  const program = `
    import { setTimeout } from 'node:timers/promises';
    import { createInflater } from './dist/src/actors/inflate.js';
    const inflaters = () => Array.from({ length: 20 }, () => createInflater('zlib-stream'));
    const garbage = () => Array.from({ length: 200_000 }, (_, n) => ({ n }));
    for (let round = 0; round < 50; round += 1) {
      for (const inflater of inflaters()) inflater.close();
      garbage();
      await setTimeout(1);
    }
    console.log('alive');
  `;
  expect(runProgram(program)).toEqual({ stdout: 'alive\n', stderr: '', status: 0 });
});
