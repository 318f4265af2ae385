import { defineConfig } from 'vitest/config';
import BrowserReporter from './test/browser/reporter.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Most tests wait on sockets and children, not on a core; one worker, the default on two cores, would idle; three are
    // late for the timeouts of the shards under test.
    maxWorkers: 2,
    // XState's development build says this of a chart whose child has failed, which is what some tests are about.
    onConsoleLog: (text) => !text.includes('was sent to stopped actor'),
    reporters: ['default', new BrowserReporter()],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
});
