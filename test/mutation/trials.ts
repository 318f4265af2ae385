import { isWithin, Unlawful } from '../model/laws/lawbook.js';

/** A check of a chart. */
export interface Trial<Subject> {
  /** The state, by its path, that the trial leads to. */
  readonly state: string;
  /** Throws `Unlawful` at what the chart does wrong. */
  readonly run: (subject: Subject) => void;
}

/** A part of the trials. */
export interface Sample {
  readonly every: number;
  readonly from: number;
}

/** Trials that condemned a chart lately and are tried first: with more, a chart that differs pays for them all. */
const MOST_RECENT = 6;

/**
 * The trials of one chart, in the order that condemns a mutant soonest. A chart that survives has passed each of them.
 *
 * 1. The trials that condemned the mutants before it: its neighbours go wrong in the same places.
 * 2. In turns a trial that leads to the state that was changed, and one of all: what is wrong in a state may show elsewhere.
 */
export class Trials<Subject> {
  readonly #all: readonly Trial<Subject>[];
  readonly #recent: Trial<Subject>[] = [];

  /** Takes the trials with the shortest first, and puts the first of each state before the second of any. */
  constructor(shortestFirst: readonly Trial<Subject>[]) {
    const counts = new Map<string, number>();
    const ranked = shortestFirst.map((trial) => {
      const rank = counts.get(trial.state) ?? 0;
      counts.set(trial.state, rank + 1);
      return { rank, trial };
    });
    this.#all = ranked.toSorted((a, b) => a.rank - b.rank).map(({ trial }) => trial);
  }

  /** All of them, for a chart whose definition was changed in this state; `''` is the chart as a whole. */
  nearFirst(state: string): Iterable<Trial<Subject>> {
    const near = this.#all.filter((trial) => isWithin(trial.state, state));
    const inTurns = this.#all.flatMap((trial, index) => [...near.slice(index, index + 1), trial]);
    return new Set([...this.#recent, ...inTurns]);
  }

  /** Every `every`-th of them, beginning with the one at `from`. */
  sample({ every, from }: Sample): Iterable<Trial<Subject>> {
    return this.#all.filter((_, index) => index % every === from % every);
  }

  /** @throws Unlawful of the first trial that the chart does not pass. */
  run(subject: Subject, trials: Iterable<Trial<Subject>>): void {
    for (const trial of trials) {
      try {
        trial.run(subject);
      } catch (error) {
        if (error instanceof Unlawful) this.#remember(trial);
        throw error;
      }
    }
  }

  #remember(trial: Trial<Subject>): void {
    const at = this.#recent.indexOf(trial);
    if (at >= 0) this.#recent.splice(at, 1);
    this.#recent.unshift(trial);
    this.#recent.splice(MOST_RECENT);
  }
}
