import { createActor, type Actor } from 'xstate';
import { identifyAllowanceMachine } from '../../machines/identifyAllowance.js';
import { DAY_IDENTIFIES } from '../protocol/identifyAllowance.js';
import { BUDGET_PERIOD_MS } from '../protocol/limits.js';
import type { Awaitable } from '../util/awaitable.js';
import { messageOf } from '../util/messageOf.js';
import { within } from '../util/within.js';
import { addIdentify, historyOf, isIdentifyRecord, type IdentifyRecord } from '../protocol/identifyRecord.js';

/** The part of a session store that keeps identifies. */
export interface IdentifyStore {
  getIdentifies?(): Awaitable<IdentifyRecord | null | undefined>;
  setIdentifies?(record: IdentifyRecord): Awaitable<void>;
}

export interface AllowanceDeps {
  readonly store: IdentifyStore | undefined;
  readonly clock: {
    setTimeout: (fn: (...args: unknown[]) => void, ms: number) => unknown;
    clearTimeout: (timer: never) => void;
  };
  /** Receives what the store could not do. */
  readonly report: (message: string) => void;
  readonly onGranted: (id: number) => void;
}

/** Longest wait for the store's identifies of an earlier process. */
const HISTORY_LIMIT_MS = 10_000;

/** Longest wait for the store to have the record before IDENTIFY leaves. */
const SAVE_LIMIT_MS = 2_000;

/** The chart of the allowance with a clock and a store. */
export class Allowance {
  readonly actor: Actor<typeof identifyAllowanceMachine>;
  readonly #deps: AllowanceDeps;
  #record: IdentifyRecord | null = null;
  #refillAt: number | null = null;

  constructor(deps: AllowanceDeps) {
    this.#deps = deps;
    this.actor = createActor(identifyAllowanceMachine, {
      clock: deps.clock as never,
      input: {
        dayTotal: DAY_IDENTIFIES,
        historyLimitMs: HISTORY_LIMIT_MS,
      },
    });
    this.actor.on('allowance.granted', ({ id }) => deps.onGranted(id));
    this.actor.on('allowance.refilling', ({ delayMs }) => {
      this.#refillAt = Date.now() + delayMs;
    });
    this.actor.start();
    if (deps.store?.getIdentifies === undefined) this.actor.send({ type: 'history.none' });
    else void this.#recall(deps.store);
  }

  /** Earliest time at which a waiting ticket may go on, in milliseconds since the epoch; null while none waits here. */
  get nextAt(): number | null {
    const snapshot = this.actor.getSnapshot();
    const { used, dayTotal, isDayTold, waiting } = snapshot.context;
    if (waiting.length === 0) return null;
    const isDaySpent = !isDayTold && used >= dayTotal;
    const oldest = this.#record?.hours[0]?.[0] ?? Date.now();
    return isDaySpent ? oldest + BUDGET_PERIOD_MS : this.#refillAt;
  }

  get waiting(): number {
    return this.actor.getSnapshot().context.waiting.length;
  }

  /** Counts an identify that leaves now. Resolves once the store has it, or cannot have it in time; null without a store. */
  spend(id: number): Promise<void> | null {
    this.actor.send({ type: 'allowance.spend', id });
    this.#record = addIdentify(this.#record, this.actor.getSnapshot().context.spare, Date.now());
    const { store } = this.#deps;
    return store?.setIdentifies === undefined ? null : this.#save(store, this.#record);
  }

  async #save(store: IdentifyStore, record: IdentifyRecord): Promise<void> {
    try {
      await within(SAVE_LIMIT_MS, store.setIdentifies?.(record));
    } catch (error) {
      this.#deps.report(`The session store could not save the day's identifies: ${messageOf(error)}`);
    }
  }

  async #recall(store: IdentifyStore): Promise<void> {
    try {
      const record: unknown = await within(HISTORY_LIMIT_MS, store.getIdentifies?.());
      if (isIdentifyRecord(record)) {
        this.#record = record;
        return this.actor.send({ type: 'history.told', history: historyOf(record, Date.now()) });
      }
      if (record !== null && record !== undefined) {
        this.#deps.report("The session store's record of identifies is not one: the day is counted from zero.");
      }
    } catch (error) {
      this.#deps.report(`The session store could not read the day's identifies: ${messageOf(error)}`);
    }
    this.actor.send({ type: 'history.none' });
  }
}
