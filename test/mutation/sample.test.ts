import { describe, expect, test } from 'vitest';
import { allMutants, machines } from './all.js';
import { complaint, killer } from './check.js';
import { equivalents } from './equivalents.js';
import { copyOf } from './mutants.js';

/** The sample has every 32nd mutant. `npm run test:mutation` takes them all. */
const EVERY = 32;

const mutants = allMutants();
const sample = mutants.filter(({ id }, index) => index % EVERY === 0 && equivalents[id] === undefined);

describe('a chart with one thing wrong turns a test red', () => {
  test.each(sample)('$id', (mutant) => {
    expect(killer(mutant)).not.toBeNull();
  });
});

test('the sample has more than 7 of the 12 kinds of mutants', () => {
  const kinds = new Set(mutants.map(({ operator }) => operator));
  expect(kinds.size).toBe(12);
  expect(new Set(sample.map(({ operator }) => operator)).size).toBeGreaterThan(7);
});

test('no two mutants have the same id', () => {
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});

// Together the equivalents of `npm run test:mutation`, which are copies too, survive all paths.
test('a copy of a chart with nothing wrong survives', () => {
  const copies = Object.fromEntries(machines.map((machine) => [machine.id, copyOf(machine)]));
  expect(complaint(copies, { every: EVERY, from: 0 })).toBeNull();
});
