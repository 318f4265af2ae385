import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest; started last, each would keep one worker busy while the other has nothing to do. */
const LONGEST = [
  'test/model/shardPaths.test.ts',
  'test/mutation/sample.test.ts',
  'test/bench/bench.test.ts',
  'test/cli/audit.test.ts',
  'test/browser/audit.test.ts',
];

const rank = ({ moduleId }: TestSpecification) => {
  const index = LONGEST.findIndex((file) => moduleId.endsWith(file));
  return index < 0 ? LONGEST.length : index;
};

/** Starts the longest files first. On a fresh machine Vitest knows no durations and goes by the files' sizes. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer sorts, not an array
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
