import type { ManagerState } from '../../../manager/status.js';
import { type FleetView, isSpent } from './fleetView.js';
import type { Moment } from './words.js';

/** Share of the shards that has to come up for a line about progress. */
const STEP = 0.1;
const FIRST_PATIENCE_MS = 10_000;
/** Time for the number of waiting shards to settle before it is reported. */
const SETTLING_MS = 2_000;

/** Picks the views that deserve a line in a log: there are several a second, and a log is read in a hurry. */
export class Moments {
  #state: ManagerState = 'Offline';
  /** True once all shards have been up. */
  #wasUp = false;
  /** Time of the last line, and the number of shards that were up then. */
  #last: { readonly at: number; readonly up: number } | null = null;
  #patienceMs = FIRST_PATIENCE_MS;
  #spentSince: number | null = null;
  #hasReportedSpent = false;
  #waiting = 0;

  take(view: FleetView): Moment | null {
    const last = (this.#last ??= { at: view.startedAt, up: 0 });
    const moment = this.#ofState(view) ?? this.#ofBudget(view) ?? this.#ofProgress(view, last);
    this.#state = view.state;
    this.#waiting = view.identifies.waiting;
    if (moment === null) return null;
    // The line about the start says how many identifies are left.
    if (moment === 'up' && !isSpent(view)) this.#hasReportedSpent = false;
    // The wait doubles with every line that has nothing new.
    const hasChanged = moment !== 'progress' || view.counts.Connected !== last.up;
    this.#patienceMs = hasChanged ? FIRST_PATIENCE_MS : 2 * this.#patienceMs;
    this.#last = { at: view.at, up: view.counts.Connected };
    return moment;
  }

  #ofState({ state, isAsking }: FleetView): Moment | null {
    if (state === this.#state || this.#wasUp) return null;
    if (state === 'Running') this.#wasUp = true;
    if (state === 'Preparing') return isAsking ? 'preparing' : null;
    if (state === 'Starting') return 'starting';
    return state === 'Running' ? 'up' : null;
  }

  #ofBudget(view: FleetView): Moment | null {
    if (!isSpent(view)) {
      const isNews = this.#hasReportedSpent;
      this.#spentSince = null;
      this.#hasReportedSpent = false;
      return isNews ? 'renewed' : null;
    }
    this.#spentSince ??= view.at;
    if (this.#hasReportedSpent) return null;
    const { waiting, opening } = view.progress;
    const isSettled = waiting + opening === 0 && view.identifies.waiting === this.#waiting;
    if (!isSettled && view.at - this.#spentSince < SETTLING_MS) return null;
    this.#hasReportedSpent = true;
    return 'exhausted';
  }

  #ofProgress({ state, at, here, counts }: FleetView, last: { at: number; up: number }): Moment | null {
    if (state !== 'Starting' && state !== 'Preparing') return null;
    const isStep = counts.Connected - last.up >= Math.max(1, here * STEP);
    return isStep || at - last.at >= this.#patienceMs ? 'progress' : null;
  }
}
