import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSpecification } from 'vitest/node';
import { testProjects } from './projects.js';

/** A run of fewer files is somebody's choice of files, and takes what they take. */
const WHOLE = 0.9;

/** Prints how long a run will take when it starts, and how long each project and the slowest files took when it ends. */
export default class DurationReporter implements Reporter {
  readonly #files: ReadonlyMap<string, readonly string[]>;
  #begunAt = 0;

  constructor(files: ReadonlyMap<string, readonly string[]>) {
    this.#files = files;
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#begunAt = performance.now();
    const running = testProjects.filter(({ name }) => {
      const own = specifications.filter(({ project }) => project.name === name).length;
      return own >= WHOLE * (this.#files.get(name)?.length ?? Infinity);
    });
    if (running.length === 0) return;
    const each = running.map(({ name, seconds }) => `${name} ${inWords(seconds)}`);
    const sum = running.reduce((total, { seconds }) => total + seconds, 0);
    const all = each.length > 1 ? `, ${inWords(sum)} together` : '';
    process.stdout.write(`\nThese tests take on two cores: ${each.join(', ')}${all}.\n`);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap(({ children }) => [...children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    writeTally(count('passed'), count('failed') + modules.filter((module) => module.errors().length > 0).length);
    if (modules.length < 10) return;
    const slowest = modules.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, 10);
    const lines = slowest.map((module) => `  ${inWords(secondsOf(module))}  ${module.relativeModuleId}`);
    process.stdout.write(`\nThe slowest files of ${inWords((performance.now() - this.#begunAt) / 1_000)}:\n`);
    process.stdout.write(`${lines.join('\n')}\n`);
    for (const { name } of testProjects) {
      const own = modules.filter(({ project }) => project.name === name);
      const sum = own.reduce((total, module) => total + secondsOf(module), 0);
      if (own.length > 0) process.stdout.write(`  ${name}: ${own.length} files, ${inWords(sum)} of one worker\n`);
    }
  }
}

/** .ci/run adds up the tests of all its steps from this file. */
function writeTally(passed: number, failed: number): void {
  const file = process.env['TEST_TALLY'];
  if (file !== undefined) appendFileSync(file, `${passed} ${failed}\n`);
}

function secondsOf(module: TestModule): number {
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  return (collectDuration + setupDuration + duration) / 1_000;
}

/** `45 s`, `6 min 20 s` */
function inWords(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
