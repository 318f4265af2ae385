import { expect, test } from 'vitest';
import { allMutants } from './all.js';
import { complaint, killer } from './check.js';
import { EIGHTH, equivalents, isWhole } from './equivalents.js';

/** The part of the mutants that this worker takes: `vitest.config.ts` hands them out. */
const slice = Number(process.env['MUTATION_SLICE']);
const slices = Number(process.env['MUTATION_SLICES']);

/** Neighbours go to one worker: the trial that kills one kills the next. */
const NEIGHBOURS = 24;

const known = Object.keys(equivalents);

const byPlace = allMutants().toSorted((a, b) => compare(a.chart, b.chart) || compare(a.state, b.state));

for (const [index, mutant] of byPlace.entries()) {
  if (Math.floor(index / NEIGHBOURS) % slices !== slice) continue;
  test(mutant.id, () => {
    const isSampled = !isWhole && known.includes(mutant.id);
    const sample = { every: EIGHTH, from: known.indexOf(mutant.id) };
    const found = isSampled ? complaint({ [mutant.chart]: mutant.build() }, sample) : killer(mutant);
    expect(found, 'survived').not.toBeNull();
  });
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
