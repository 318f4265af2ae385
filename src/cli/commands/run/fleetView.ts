import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { ProcessIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { ManagerStatus, ShardStatus } from '../../../manager/status.js';
import type { ShardManager } from '../../../manager/manager.js';
import { ShardRates } from './shardRates.js';

/** A shard's status, and its dispatches a second. */
export type ShardView = ShardStatus & { readonly rate: number };

/** Plain data of the manager and its shards at one moment: all that is shown of them. */
export interface FleetView extends Pick<ManagerStatus, 'state' | 'total' | 'counts' | 'progress'> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly startedAt: number;
  /** True until the HTTP API has answered. */
  readonly isAsking: boolean;
  /** Number of shards that run here; 0 while unknown. */
  readonly here: number;
  readonly shards: readonly ShardView[];
  readonly rate: number;
  /** Mean latency of the shards in milliseconds; null while no shard has one. */
  readonly latency: number | null;
  readonly identifies: NonNullable<ManagerStatus['identifies']> & {
    /** Number of remaining identifies that are left for other uses. */
    readonly reserve: number;
    /** `max_concurrency` of the bot; null while unknown. */
    readonly concurrency: number | null;
  };
}

export interface FleetViewDeps {
  readonly manager: Pick<ShardManager, 'status' | 'ids' | 'controller' | 'getAveragePing'>;
  /** The identify queue, where it is not the manager's own. */
  readonly limiter: Pick<ProcessIdentifyLimiter, 'waiting' | 'nextAt'> | null;
  readonly reserve: number;
  readonly startedAt: number;
}

const NO_QUEUE = { waiting: 0, nextAt: null };

/** Reads views of a manager, and computes rates from one to the next. */
export class FleetViewer {
  readonly #deps: FleetViewDeps;
  readonly #rates = new ShardRates();
  /** Last view of each shard. */
  readonly #seen = new Map<number, ShardView>();

  constructor(parts: FleetViewDeps) {
    this.#deps = parts;
  }

  read(at = Date.now()): FleetView {
    const { manager, limiter, reserve, startedAt } = this.#deps;
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

  /** A closing manager lets go of its shards; the last numbers are kept, so that they can still be read. */
  #leaveBehind(state: ManagerStatus['state'], there: ReadonlySet<number>): void {
    const isGoing = state === 'Closing' || state === 'Offline';
    for (const [id, shard] of this.#seen) {
      if (there.has(id)) continue;
      if (isGoing) this.#seen.set(id, { ...shard, state: 'Offline', latency: null, rate: 0 });
      else this.#seen.delete(id);
    }
  }
}

/** Getters cannot be spread. */
const limiterOf = (limiter: FleetViewDeps['limiter']) =>
  limiter === null ? NO_QUEUE : { waiting: limiter.waiting, nextAt: limiter.nextAt };

function countStates(shards: readonly ShardView[]): Readonly<Record<Lifecycle, number>> {
  const counts = Object.fromEntries(lifecycles.map((state) => [state, 0])) as Record<Lifecycle, number>;
  for (const { state } of shards) counts[state] += 1;
  return counts;
}

/** True when no shard may identify until the day's budget is renewed. */
export function isSpent({ identifies: { remaining, reserve } }: FleetView): boolean {
  return remaining !== null && remaining <= reserve;
}
