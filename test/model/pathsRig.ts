import { afterAll, describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { checkChildPath, childPaths, type ChildModel } from './checkChild.js';
import { Coverage } from './coverage.js';
import { lawbooks, type Chart } from './laws/index.js';
import type { ObservedStep } from './observer.js';
import { table } from './table.js';

/** Numbers the paths of one chart, and keeps what they went through. */
export class PathsRig {
  readonly #machine: AnyStateMachine;
  readonly #coverage: Coverage;
  #paths = 0;

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    this.#coverage = new Coverage(machine);
    this.#coverage.noteStart(machine, 0);
  }

  /** Options for the checks of a path. */
  readonly check = {
    number: () => ++this.#paths,
    observe: (step: ObservedStep, path: number) => {
      if (step.chart === this.#machine.id) this.#coverage.note(step, path);
    },
  };

  /** To be called below the tests that walk the paths: their coverage is complete, or the file fails. It is printed as a table. */
  expectsAll(): void {
    describe(`the paths of the ${this.#machine.id} chart leave nothing out`, () => {
      test('each edge, each refusal of a guard and each initial state is on a path', () => {
        expect(this.#coverage.missing).toEqual([]);
      });

      test('each law is applied on a path', () => {
        const { applied } = lawbooks[this.#machine.id as Chart];
        expect([...applied].filter(([, times]) => times === 0).map(([{ says }]) => says)).toEqual([]);
      });
    });

    afterAll(() => {
      process.stdout.write(`\n${table([this.#coverage.row])}\n${this.#paths} paths\n\n`);
    });
  }
}

/** Walks a chart other than the shard's through all its paths, of which there are at least so many. */
export function walksAllPaths<Machine extends AnyStateMachine>(model: ChildModel<Machine>, atLeast: number): void {
  const rig = new PathsRig(model.machine);

  test('each event, in each configuration the chart can reach, does what the laws name and nothing else', () => {
    const paths = childPaths(model);
    expect(paths.length).toBeGreaterThanOrEqual(atLeast);
    for (const path of paths) checkChildPath(model, path, rig.check);
  });

  rig.expectsAll();
}
