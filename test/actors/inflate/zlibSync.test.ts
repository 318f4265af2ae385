import { expect, test } from 'vitest';
import { abortsWhenCollected } from '../../../src/actors/inflate/zlibSync.js';

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
