import { keyOfShard, type ShardKey } from '../shardKey.js';

/** The numbering of the shards that runs, and the next one during a reshard. */
export interface FleetLayout {
  readonly layout: number;
  readonly total: number;
  readonly next: { readonly layout: number; readonly total: number } | null;
}

/** A worker as Redis knows it. */
export interface WorkerStatus {
  readonly worker: string;
  readonly instance: string;
  readonly state: 'serving' | 'draining';
  /** Null: no limit. */
  readonly capacity: number | null;
  /** Time of the join, on Redis' clock. */
  readonly since: number;
  /** Milliseconds since the last beat. */
  readonly beatAgoMs: number;
  readonly isAlive: boolean;
  /** The text that the worker sent with its last beat. */
  readonly report: string;
}

export interface ShardOwnership {
  readonly key: ShardKey;
  /** Null for a shard that is free. The owner's lease may have ended. */
  readonly owner: string | null;
  /** 0 for a shard that was never owned. */
  readonly epoch: number;
  readonly isUp: boolean;
}

/** Facts of a fleet, from Redis. */
export interface LeaseStatus {
  /** Redis' clock. */
  readonly now: number;
  /** Null for a fleet that no worker has joined yet. */
  readonly fleet: FleetLayout | null;
  /** Time of the last cutover; null where there was none. */
  readonly cutoverAt: number | null;
  /** Until then no shard changes its owner; null where all is normal. */
  readonly graceUntil: number | null;
  /** The shard that is on its way between two workers. */
  readonly moving: ShardKey | null;
  readonly workers: readonly WorkerStatus[];
  /** All shards of the layouts that run. */
  readonly shards: readonly ShardOwnership[];
}

/** The part of a worker's row that is kept. */
export interface WorkerRow {
  readonly instance: string;
  readonly capacity: number | null;
  readonly ttlMs: number;
  readonly since: number;
  readonly state: 'serving' | 'draining';
  readonly report: string;
}

function pairsOf(flat: unknown): Map<string, string> {
  const texts = (flat as unknown[]).map(String);
  return new Map(texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? ''] as const] : [])));
}

/** Layout, total, next layout and total as the scripts answer them; -1 is none. */
export function layoutOf([layout, total, nextLayout, nextTotal]: readonly unknown[]): FleetLayout {
  const next = Number(nextLayout) < 0 ? null : { layout: Number(nextLayout), total: Number(nextTotal) };
  return { layout: Number(layout), total: Number(total), next };
}

const keysOfLayout = (of: { readonly layout: number; readonly total: number } | null): ShardKey[] =>
  of === null ? [] : Array.from({ length: of.total }, (_, id) => keyOfShard(of.layout, id));

/** Reads the answer of the status script. */
export function readStatus(answer: readonly unknown[]): LeaseStatus {
  const now = Number(answer[0]);
  const fleet = pairsOf(answer[1]);
  const workers = pairsOf(answer[2]);
  const leases = pairsOf(answer[3]);
  const owners = pairsOf(answer[4]);
  const up = pairsOf(answer[5]);
  const number = (name: string) => (fleet.has(name) ? Number(fleet.get(name)) : null);
  const layout = fleet.has('layout')
    ? layoutOf([number('layout'), number('total'), number('nextLayout') ?? -1, number('nextTotal') ?? -1])
    : null;
  const graceUntil = number('graceUntil');
  const shardOf = (key: ShardKey): ShardOwnership => {
    const [owner = '-', epoch = '0'] = (owners.get(key) ?? '- 0').split(' ');
    return {
      key,
      owner: owner === '-' ? null : owner,
      epoch: Number(epoch),
      isUp: owner !== '-' && up.get(key) === epoch,
    };
  };
  return {
    now,
    fleet: layout,
    cutoverAt: number('cutoverAt'),
    graceUntil: graceUntil !== null && graceUntil > now ? graceUntil : null,
    moving: fleet.get('moving')?.split(' ')[0] ?? null,
    workers: [...workers].map(([worker, text]) => {
      const { instance, state, capacity, since, report, ttlMs } = JSON.parse(text) as WorkerRow;
      const deadline = Number(leases.get(worker) ?? 0);
      const beatAgoMs = Math.max(0, now - deadline + ttlMs);
      return { worker, instance, state, capacity, since, report, beatAgoMs, isAlive: deadline > now };
    }),
    shards: [...keysOfLayout(layout), ...keysOfLayout(layout?.next ?? null)].map(shardOf),
  };
}
