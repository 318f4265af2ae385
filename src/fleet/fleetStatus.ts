import { shardOfKey } from './shardKey.js';
import type { LeaseStatus } from './lease/leaseStatus.js';
import type { RedisParts } from './worker/redisParts.js';

/** State of a whole fleet, as plain data. Times in milliseconds since the epoch, on Redis' clock. */
export interface FleetStatus {
  readonly total: number;
  /** Number of shards that are to come, while the fleet is resharded; null otherwise. */
  readonly nextTotal: number | null;
  readonly workers: readonly {
    readonly worker: string;
    readonly state: 'serving' | 'draining' | 'gone';
    /** Number of shards that it owns. */
    readonly shards: number;
    /** Most shards that it takes; null without a limit. */
    readonly capacity: number | null;
    /** When it joined. */
    readonly since: number;
    /** Milliseconds since its last beat. */
    readonly beatAgo: number;
  }[];
  readonly shards: readonly {
    readonly id: number;
    /** Name of the worker that owns it; null while it is free. */
    readonly worker: string | null;
    /** Its lifecycle state, as its worker said last; null while it is free. */
    readonly state: string | null;
    /** Milliseconds between a heartbeat and its ack; null before the first. */
    readonly latency: number | null;
    /** Milliseconds since its session began; null where that is not known. */
    readonly sessionAge: number | null;
    /** Events in its stream; null where nothing was published. */
    readonly events: number | null;
  }[];
  /** The identify queue of all workers, and the day; null where the day was never told. */
  readonly identifies: {
    readonly waiting: number;
    readonly total: number | null;
    readonly remaining: number | null;
    readonly resetAt: number | null;
  };
  /** Consumer groups, over all streams: events that are not delivered yet, and those that are not acknowledged. */
  readonly groups: readonly { readonly group: string; readonly lag: number | null; readonly pending: number }[];
}

type Row = readonly [key: string, state: string, latency: number | null, begunAt: number | null];

/** Asks Redis for the state of the fleet. */
export async function readFleetStatus({
  client,
  keys,
  lease,
}: Pick<RedisParts, 'client' | 'keys' | 'lease'>): Promise<FleetStatus> {
  const facts = await lease.status();
  const command = (...args: readonly string[]) => client.command(keys.fleet, args);
  const current = facts.shards.filter(({ key }) => shardOfKey(key).layout === facts.fleet?.layout);
  const [waiting, day, ...lengths] = await Promise.all([
    command('ZCARD', keys.identify.queue),
    command('HMGET', keys.identify.state, 'total', 'remaining', 'resetAt'),
    ...current.map(({ key }) => command('XLEN', keys.stream(key))),
  ]);
  const groups = await groupsOf(
    current.filter((_, at) => Number(lengths[at]) > 0).map(({ key }) => keys.stream(key)),
    command,
  );
  const [total, remaining, resetAt] = (day as readonly unknown[]).map((value) =>
    value === null ? null : Number(value),
  );
  const rows = rowsOf(facts);
  return {
    total: facts.fleet?.total ?? 0,
    nextTotal: facts.fleet?.next?.total ?? null,
    workers: facts.workers
      .toSorted((a, b) => a.worker.localeCompare(b.worker))
      .map(({ worker, instance, state, capacity, since, beatAgoMs, isAlive }) => ({
        worker,
        state: isAlive ? state : ('gone' as const),
        shards: facts.shards.filter(({ owner }) => owner === `${worker}/${instance}`).length,
        capacity,
        since,
        beatAgo: beatAgoMs,
      })),
    shards: current.map(({ key, owner }, at) => {
      const [, state = null, latency = null, begunAt = null] = (owner === null ? undefined : rows.get(key)) ?? [];
      return {
        id: shardOfKey(key).id,
        worker: owner === null ? null : owner.slice(0, owner.lastIndexOf('/')),
        state,
        latency,
        sessionAge: begunAt === null ? null : Math.max(0, facts.now - begunAt),
        events: Number(lengths[at]) || null,
      };
    }),
    identifies: {
      waiting: Number(waiting),
      total: total ?? null,
      remaining: remaining ?? null,
      resetAt: resetAt ?? null,
    },
    groups,
  };
}

/** The lines of the workers' reports by shard; of two the owner's. */
function rowsOf({ workers, shards }: LeaseStatus): ReadonlyMap<string, Row> {
  const owners = new Map(shards.map(({ key, owner }) => [key, owner]));
  const all = workers.flatMap(({ worker, instance, report }) =>
    (JSON.parse(report === '' ? '[]' : report) as Row[]).filter(([key]) => owners.get(key) === `${worker}/${instance}`),
  );
  return new Map(all.map((row) => [row[0], row]));
}

async function groupsOf(
  streams: readonly string[],
  command: (...args: readonly string[]) => Promise<unknown>,
): Promise<FleetStatus['groups']> {
  const sums = new Map<string, { lag: number | null; pending: number }>();
  const answers = await Promise.all(streams.map((stream) => command('XINFO', 'GROUPS', stream)));
  for (const group of answers.flat() as unknown[]) {
    const fields = fieldsOf(group);
    const name = String(fields.get('name'));
    const known = sums.get(name) ?? { lag: 0, pending: 0 };
    const lag = fields.get('lag');
    // Redis does not know the lag of a group behind entries that were trimmed.
    const isKnown = known.lag !== null && lag !== null && lag !== undefined;
    sums.set(name, {
      lag: isKnown ? (known.lag ?? 0) + Number(lag) : null,
      pending: known.pending + Number(fields.get('pending')),
    });
  }
  return [...sums].map(([group, { lag, pending }]) => ({ group, lag, pending }));
}

/** A group as RESP2 has it, a flat list, or as RESP3 has it. */
function fieldsOf(group: unknown): ReadonlyMap<string, unknown> {
  if (!Array.isArray(group)) return new Map(Object.entries(group as object));
  return new Map(
    group.flatMap((name, at) => (at % 2 === 0 ? [[String(name), group[at + 1] as unknown] as const] : [])),
  );
}
