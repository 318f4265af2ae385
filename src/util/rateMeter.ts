/** Long enough for a steady rate, short enough for a current one. */
const OVER_MS = 2_000;

/** Measures rates from samples of counters that were taken in the last two seconds. */
export class RateMeter<Counts> {
  /** Oldest first; all but the first are younger than `OVER_MS`. */
  #samples: readonly { readonly at: number; readonly counts: Counts }[] = [];

  get latest(): Counts | undefined {
    return this.#samples.at(-1)?.counts;
  }

  take(at: number, counts: Counts): void {
    const samples = [...this.#samples, { at, counts }];
    const first = samples.findLastIndex((sample) => at - sample.at >= OVER_MS);
    this.#samples = samples.slice(Math.max(0, first));
  }

  /** Growth of a count per second; null until there are two samples. */
  rate(countOf: (counts: Counts) => number): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first.at === last.at) return null;
    return ((countOf(last.counts) - countOf(first.counts)) * 1_000) / (last.at - first.at);
  }
}
