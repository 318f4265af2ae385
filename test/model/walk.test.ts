import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { statePaths } from '../machines/rig.js';
import { walks } from './walk.js';

const WALKS = 1_000;

test('a hundred thousand steps at random: each is lawful, and every invariant holds after it', () => {
  const travels = { steps: 0, visited: new Set<string>() };
  fc.assert(walks(travels), { numRuns: WALKS });
  // Some states are a matter of luck.
  for (let more = 0; more < 4 && travels.visited.size < statePaths.length; more += 1) {
    fc.assert(walks(travels), { numRuns: WALKS });
  }
  expect(travels.steps).toBeGreaterThan(100_000);
  // A walk that never comes far proves nothing.
  expect([...travels.visited].toSorted()).toEqual(statePaths.toSorted());
});
