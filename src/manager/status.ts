import { lifecycles, type Lifecycle } from '../../machines/lifecycle.js';
import type { ManagerContext, ShardStart } from '../../machines/manager.types.js';
import type { ProcessIdentifyLimiter } from '../identify/identifyLimiter.js';
import type { Shard } from '../shard/shard.js';

/** The state of a manager: `Running` once all its shards have been up. */
export type ManagerState =
  'Offline' | 'Preparing' | 'Starting' | 'Running' | 'Scaling' | 'Restarting' | 'Resharding' | 'Closing';

/** State of a manager and its shards, as plain data. */
export interface ManagerStatus {
  readonly state: ManagerState;
  readonly total: number;
  /** Number of shards in each state. */
  readonly counts: Readonly<Record<Lifecycle, number>>;
  readonly shards: readonly ShardStatus[];
  /** Shards the operation under way still waits for; all 0 while no operation runs. */
  readonly progress: {
    /** Not connecting yet. */
    readonly waiting: number;
    /** Connecting, no HELLO yet. */
    readonly opening: number;
    /** Past HELLO, not Connected yet. */
    readonly rising: number;
    /** Going down. */
    readonly closing: number;
  };
  /** The identify queue; null with an `identifyHook` or `identifyLimiter`, and until the limits are known. */
  readonly identifies: {
    readonly waiting: number;
    /** Earliest time of the next identify, in milliseconds since the epoch; null while no shard waits. */
    readonly nextAt: number | null;
    /** Identifies of the day; null where they are not counted. */
    readonly total: number | null;
    readonly remaining: number | null;
    readonly resetAt: number | null;
  } | null;
}

export interface ShardStatus {
  readonly id: number;
  readonly state: Lifecycle;
  /** Milliseconds between a heartbeat and its ACK; null before the first. */
  readonly latency: number | null;
  readonly sequence: number | null;
  readonly dispatches: number;
  readonly connections: number;
  readonly identifies: number;
  readonly resumes: number;
}

/** State of a manager without its shards. */
export interface ManagerSummary extends Pick<ManagerStatus, 'state' | 'progress' | 'identifies'> {
  /** Identifies of the day that the manager never uses. */
  readonly reserve: number;
}

/** The facts that a status is made of. */
export interface StatusInput {
  readonly snapshot: { readonly value: string | object; readonly context: ManagerContext };
  readonly queue: ProcessIdentifyLimiter | null;
  readonly reserve: number;
}

/** Name of a chart's state; a state within Online by its own name. */
export function stateOf(value: string | object): ManagerState {
  const [name, inner] = typeof value === 'string' ? [value] : (Object.entries(value)[0] as [string, unknown]);
  if (name !== 'Online') return name as ManagerState;
  return (typeof inner === 'string' ? inner : Object.keys(inner as object)[0]) as ManagerState;
}

export function statusOf(input: StatusInput, shards: Iterable<Shard>, total: number): ManagerStatus {
  const counts = Object.fromEntries(lifecycles.map((state) => [state, 0])) as Record<Lifecycle, number>;
  const all = [...shards].map(({ id, state, latency, sequence, stats }): ShardStatus => {
    counts[state] += 1;
    const { dispatches, connections, identifies, resumes } = stats;
    return { id, state, latency, sequence, dispatches, connections, identifies, resumes };
  });
  const { state, progress, identifies } = summarize(input);
  return { state, total, counts, shards: all, progress, identifies };
}

export function summarize({ snapshot: { value, context }, queue, reserve }: StatusInput): ManagerSummary {
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
