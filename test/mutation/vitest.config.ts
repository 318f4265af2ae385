import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import MutationReporter from './reporter.js';

/** More slices than cores: a worker that is done early takes the next. */
const slices = 2 * availableParallelism();

export default defineConfig({
  test: {
    reporters: [new MutationReporter(slices)],
    onConsoleLog: (text) => !text.includes('was sent to stopped actor'),
    maxWorkers: availableParallelism(),
    projects: Array.from({ length: slices }, (_, slice) => ({
      test: {
        name: `slice ${slice + 1} of ${slices}`,
        include: ['test/mutation/slice.run.ts'],
        env: { MUTATION_SLICE: String(slice), MUTATION_SLICES: String(slices) },
        testTimeout: 300_000,
      },
    })),
  },
});
