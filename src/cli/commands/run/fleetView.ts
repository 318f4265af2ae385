import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { ProcessIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { ManagerStatus, ShardStatus } from '../../../manager/status.js';
import type { ShardManager } from '../../../manager/manager.js';
import { ShardRates } from './shardRates.js';

/** A shard as it is shown; its rate in dispatches a second. */
export type ShardView = ShardStatus & { readonly rate: number };

/** The manager and its shards at one moment, with all that is shown of them; plain data. */
export interface FleetView extends Pick<ManagerStatus, 'state' | 'total' | 'counts' | 'progress'> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly startedAt: number;
  /** The API has not answered yet. */
  readonly isAsking: boolean;
  /** How many shards run here; 0 while that is not known. */
  readonly here: number;
  readonly shards: readonly ShardView[];
  readonly rate: number;
  /** Mean of the shards in milliseconds; null while none has one. */
  readonly latency: number | null;
  readonly identifies: NonNullable<ManagerStatus['identifies']> & {
    /** Of those that remain, how many are left alone. */
    readonly reserve: number;
    /** `max_concurrency`; null while it is not known. */
    readonly concurrency: number | null;
  };
}

export interface FleetViewParts {
  readonly manager: Pick<ShardManager, 'status' | 'ids' | 'controller' | 'getAveragePing'>;
  /** The queue, where it is not the manager's own. */
  readonly limiter: Pick<ProcessIdentifyLimiter, 'waiting' | 'nextAt'> | null;
  readonly reserve: number;
  readonly startedAt: number;
}

const NO_QUEUE = { waiting: 0, nextAt: null };

/** Looks at a manager now and then. */
export class FleetViewer {
  readonly #parts: FleetViewParts;
  readonly #rates = new ShardRates();
  /** Of each shard, the last that was seen. */
  readonly #seen = new Map<number, ShardView>();

  constructor(parts: FleetViewParts) {
    this.#parts = parts;
  }

  look(at = Date.now()): FleetView {
    const { manager, limiter, reserve, startedAt } = this.#parts;
    const { state, total, progress, identifies, shards } = manager.status();
    this.#rates.take(at, shards);
    for (const shard of shards) this.#seen.set(shard.id, { ...shard, rate: this.#rates.of(shard.id) });
    this.#leaveBehind(state, new Set(shards.map(({ id }) => id)));
    const seen = [...this.#seen.values()].toSorted((a, b) => a.id - b.id);
    return {
      at,
      startedAt,
      isAsking: state === 'Preparing' && limiter === null && manager.controller === null,
      state,
      total,
      here: seen.length || manager.ids.length,
      counts: countStates(seen),
      progress,
      shards: seen,
      rate: seen.reduce((sum, shard) => sum + shard.rate, 0),
      latency: manager.getAveragePing(),
      identifies: {
        total: null,
        remaining: null,
        resetAt: null,
        ...(identifies ?? limiterOf(limiter)),
        reserve,
        concurrency: manager.controller?.concurrency ?? (limiter === null ? null : 1),
      },
    };
  }

  /** A manager that goes down lets go of its shards; their numbers are to be read even so. */
  #leaveBehind(state: ManagerStatus['state'], there: ReadonlySet<number>): void {
    const isGoing = state === 'Closing' || state === 'Offline';
    for (const [id, shard] of this.#seen) {
      if (there.has(id)) continue;
      if (isGoing) this.#seen.set(id, { ...shard, state: 'Offline', latency: null, rate: 0 });
      else this.#seen.delete(id);
    }
  }
}

/** Getters: they are no properties to be spread. */
const limiterOf = (limiter: FleetViewParts['limiter']) =>
  limiter === null ? NO_QUEUE : { waiting: limiter.waiting, nextAt: limiter.nextAt };

function countStates(shards: readonly ShardView[]): Readonly<Record<Lifecycle, number>> {
  const counts = Object.fromEntries(lifecycles.map((state) => [state, 0])) as Record<Lifecycle, number>;
  for (const { state } of shards) counts[state] += 1;
  return counts;
}

/** Whether nobody may identify any more until the day is renewed. */
export function isSpent({ identifies: { remaining, reserve } }: FleetView): boolean {
  return remaining !== null && remaining <= reserve;
}
