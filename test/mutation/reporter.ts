import { table } from '../model/table.js';
import { EIGHTH, equivalents, isWhole } from './equivalents.js';

/** The part of vitest's test case that the report needs. */
interface Case {
  readonly name: string;
  result(): { readonly state: string; readonly errors?: readonly { readonly message: string }[] | undefined };
}

interface Failure {
  readonly message: string;
}

interface Module {
  errors(): readonly Failure[];
}

/** Prints how many mutants each kind has, how many were killed, and every one that survived. */
export default class MutationReporter {
  readonly #cases: Case[] = [];
  readonly #slices: number;

  constructor(slices: number) {
    this.#slices = slices;
  }

  onTestCaseResult(testCase: Case): void {
    this.#cases.push(testCase);
    if (process.stdout.isTTY) process.stdout.write(`\r${this.#cases.length} mutants`);
  }

  onTestRunEnd(modules: readonly Module[], unhandled: readonly Failure[]): void {
    // A slice that could not be loaded has run nothing, and appears nowhere else.
    const failures = [...unhandled, ...modules.flatMap((module) => module.errors())];
    if (modules.length !== this.#slices) {
      failures.push({ message: `${modules.length} of ${this.#slices} slices were run` });
    }
    const survivors = this.#cases.filter((testCase) => !isKilled(testCase));
    const unexplained = survivors.filter(({ name }) => equivalents[name] === undefined);
    const stale = Object.keys(equivalents).filter((id) => !survivors.some(({ name }) => name === id));
    const kinds = [...new Set(this.#cases.map(({ name }) => kindOf(name)))];
    const lines = [
      '',
      table([
        ...kinds.map((kind) => {
          const cases = this.#cases.filter(({ name }) => kindOf(name) === kind);
          return row(kind, cases);
        }),
        row('all', this.#cases),
      ]),
      '',
      ...survivors.map((survivor) => `survived: ${survivor.name}\n          ${reasonOf(survivor)}`),
      ...(isWhole ? [] : [`Each equivalent took one trial in ${EIGHTH}; MUTATION_TRIALS=all gives it all of them.`]),
      ...stale.map((id) => `killed, but listed as equivalent: ${id}`),
      ...failures.map(({ message }) => `failed: ${message}`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    const isFine = this.#cases.length > 0 && [...unexplained, ...stale, ...failures].length === 0;
    process.exitCode = isFine ? 0 : 1;
  }
}

const isKilled = (testCase: Case) => testCase.result().state === 'passed';

const row = (kind: string, cases: readonly Case[]) => ({
  mutants: kind,
  all: cases.length,
  killed: cases.filter(isKilled).length,
});

/** `shard: remove edge Online on close` -> `remove edge` */
const kindOf = (id: string) => id.split(' ').slice(1, 3).join(' ');

function reasonOf(survivor: Case): string {
  const why = equivalents[survivor.name];
  if (why !== undefined) return `equivalent: ${why}`;
  return `a test is missing (${survivor.result().errors?.[0]?.message ?? 'no error'})`;
}
