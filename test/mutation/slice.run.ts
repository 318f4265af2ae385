import { expect, test } from 'vitest';
import { allMutants } from './all.js';
import { killer } from './check.js';

/** The part of the mutants that this worker takes: `vitest.config.ts` hands them out. */
const slice = Number(process.env['MUTATION_SLICE']);
const slices = Number(process.env['MUTATION_SLICES']);

for (const mutant of allMutants().filter((_, index) => index % slices === slice)) {
  test(mutant.id, () => expect(killer(mutant), 'survived').not.toBeNull());
}
