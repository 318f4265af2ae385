import { defineConfig } from 'vitest/config';
import BrowserReporter from './test/browser/reporter.js';
import DurationReporter from './test/durations.js';
import LongestFirst from './test/longestFirst.js';
import { filesOfProjects, testProjects } from './test/projects.js';

const files = filesOfProjects(new URL('./', import.meta.url));
const isTypeTest = (file: string) => file.endsWith('.test-d.ts');

export default defineConfig({
  test: {
    // Most tests wait on sockets and children, not on a core; one worker, the default on two cores, would idle; three are
    // late for the timeouts of the shards under test.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // XState's development build warns of a chart whose child has failed; some tests are about exactly that.
    onConsoleLog: (text) => !text.includes('was sent to stopped actor'),
    reporters: ['default', new DurationReporter(files), new BrowserReporter()],
    projects: testProjects.map(({ name, timeoutMs }) => {
      const own = files.get(name) ?? [];
      return {
        extends: true as const,
        test: {
          name,
          testTimeout: timeoutMs,
          hookTimeout: timeoutMs,
          include: own.filter((file) => !isTypeTest(file)),
          typecheck: {
            enabled: own.some(isTypeTest),
            include: own.filter(isTypeTest),
            tsconfig: './tsconfig.json',
          },
        },
      };
    }),
  },
});
