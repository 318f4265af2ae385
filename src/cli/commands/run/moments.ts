import type { ManagerState } from '../../../manager/status.js';
import { type FleetView, isSpent } from './fleetView.js';
import type { Moment } from './words.js';

/** The least of a start that is progress. */
const STEP = 0.1;
const FIRST_PATIENCE_MS = 10_000;
/** How long it is awaited that it is known how many wait. */
const SETTLING_MS = 2_000;

/** Picks from views that come all the time those that are worth a line: a log is read later, by somebody in a hurry. */
export class Moments {
  #state: ManagerState = 'Offline';
  /** All shards have been up. */
  #wasUp = false;
  /** Of the line before: when, how many were up, and how long until there is a line in any case. */
  #told: { readonly at: number; readonly up: number } | null = null;
  #patienceMs = FIRST_PATIENCE_MS;
  #spentSince: number | null = null;
  #hasToldSpent = false;
  #waiting = 0;

  take(view: FleetView): Moment | null {
    const told = (this.#told ??= { at: view.startedAt, up: 0 });
    const moment = this.#ofState(view) ?? this.#ofBudget(view) ?? this.#ofProgress(view, told);
    this.#state = view.state;
    this.#waiting = view.identifies.waiting;
    if (moment === null) return null;
    // It says what is left.
    if (moment === 'up' && !isSpent(view)) this.#hasToldSpent = false;
    // While nothing changes there is less and less to say.
    const hasChanged = moment !== 'progress' || view.counts.Connected !== told.up;
    this.#patienceMs = hasChanged ? FIRST_PATIENCE_MS : 2 * this.#patienceMs;
    this.#told = { at: view.at, up: view.counts.Connected };
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
      const isNews = this.#hasToldSpent;
      this.#spentSince = null;
      this.#hasToldSpent = false;
      return isNews ? 'renewed' : null;
    }
    this.#spentSince ??= view.at;
    if (this.#hasToldSpent) return null;
    const { waiting, opening } = view.progress;
    const isSettled = waiting + opening === 0 && view.identifies.waiting === this.#waiting;
    if (!isSettled && view.at - this.#spentSince < SETTLING_MS) return null;
    this.#hasToldSpent = true;
    return 'exhausted';
  }

  #ofProgress({ state, at, here, counts }: FleetView, told: { at: number; up: number }): Moment | null {
    if (state !== 'Starting' && state !== 'Preparing') return null;
    const isStep = counts.Connected - told.up >= Math.max(1, here * STEP);
    return isStep || at - told.at >= this.#patienceMs ? 'progress' : null;
  }
}
