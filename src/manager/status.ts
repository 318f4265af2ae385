import { lifecycles, type Lifecycle } from '../../machines/lifecycle.js';
import type { ManagerContext, ShardStart } from '../../machines/manager.types.js';
import type { ProcessIdentifyLimiter } from '../identify/identifyLimiter.js';
import type { Shard } from '../shard/shard.js';

/** Where a manager is in its life: `Running` once all its shards have been up. */
export type ManagerState =
  'Offline' | 'Preparing' | 'Starting' | 'Running' | 'Scaling' | 'Restarting' | 'Resharding' | 'Closing';

/** What a manager and its shards do now; plain data. */
export interface ManagerStatus {
  readonly state: ManagerState;
  readonly total: number;
  /** How many shards are in each state. */
  readonly counts: Readonly<Record<Lifecycle, number>>;
  readonly shards: readonly ShardStatus[];
  /** What the operation under way still waits for; all 0 while there is none. */
  readonly progress: {
    /** Not told to connect yet; told, and not past HELLO; past it, and not Connected; going down. */
    readonly waiting: number;
    readonly opening: number;
    readonly rising: number;
    readonly closing: number;
  };
  /** The identify queue; null under outside control, and until the limits are known. */
  readonly identifies: {
    readonly waiting: number;
    /** When the next may identify at the earliest: milliseconds since the epoch; null while nobody waits. */
    readonly nextAt: number | null;
    /** Of the day; null where it is not counted. */
    readonly total: number | null;
    readonly remaining: number | null;
    readonly resetAt: number | null;
  } | null;
}

export interface ShardStatus {
  readonly id: number;
  readonly state: Lifecycle;
  /** Milliseconds, or null. */
  readonly latency: number | null;
  readonly sequence: number | null;
  readonly dispatches: number;
  readonly connections: number;
  readonly identifies: number;
  readonly resumes: number;
}

/** What a manager does now, without its shards. */
export interface ManagerLook extends Pick<ManagerStatus, 'state' | 'progress' | 'identifies'> {
  /** Identifies of the day it leaves for something else. */
  readonly reserve: number;
}

/** What is looked at. */
export interface ManagerParts {
  readonly snapshot: { readonly value: string | object; readonly context: ManagerContext };
  readonly queue: ProcessIdentifyLimiter | null;
  readonly reserve: number;
}

/** Of the chart's value: the state within Online by its own name. */
export function stateOf(value: string | object): ManagerState {
  const [name, inner] = typeof value === 'string' ? [value] : (Object.entries(value)[0] as [string, unknown]);
  if (name !== 'Online') return name as ManagerState;
  return (typeof inner === 'string' ? inner : Object.keys(inner as object)[0]) as ManagerState;
}

export function statusOf(parts: ManagerParts, shards: Iterable<Shard>, total: number): ManagerStatus {
  const counts = Object.fromEntries(lifecycles.map((state) => [state, 0])) as Record<Lifecycle, number>;
  const all = [...shards].map(({ id, state, latency, sequence, stats }): ShardStatus => {
    counts[state] += 1;
    const { dispatches, connections, identifies, resumes } = stats;
    return { id, state, latency, sequence, dispatches, connections, identifies, resumes };
  });
  const { state, progress, identifies } = lookOf(parts);
  return { state, total, counts, shards: all, progress, identifies };
}

export function lookOf({ snapshot: { value, context }, queue, reserve }: ManagerParts): ManagerLook {
  const { starting, leaving, restart } = context;
  const count = (phase: ShardStart['phase']) => starting.filter((start) => start.phase === phase).length;
  return {
    state: stateOf(value),
    reserve,
    progress: {
      waiting: count('waiting') + (restart?.due.length ?? 0),
      opening: count('opening'),
      rising: count('rising'),
      closing: leaving.length,
    },
    identifies: queue && {
      waiting: queue.waiting,
      nextAt: queue.nextAt,
      total: queue.budget?.total ?? null,
      remaining: queue.budget?.remaining ?? null,
      resetAt: queue.budget?.resetAt ?? null,
    },
  };
}
