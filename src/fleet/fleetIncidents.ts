import type { FleetStatus } from './fleetStatus.js';

/** A change of the fleet that an operator wants to know of. */
export interface FleetIncident {
  readonly kind: 'joined' | 'lost' | 'given' | 'resharded';
  /** Time at which it was seen, in milliseconds since the epoch. */
  readonly at: number;
  readonly worker: string | null;
  /** Number of shards that moved. */
  readonly shards: number;
  /** Workers that took them over. */
  readonly takers: readonly string[];
  /** Time until all of them were Connected again; null while they are not. */
  readonly tookMs: number | null;
  /** Number of those that came back without the session they had; null while they are not back. */
  readonly newSessions: number | null;
}

/** An incident whose shards are not back yet. */
interface Open {
  readonly kind: 'lost' | 'given';
  readonly at: number;
  readonly worker: string;
  readonly ids: readonly number[];
  readonly index: number;
}

/** Incidents that are kept. */
const KEPT = 100;

/** Finds incidents in one status of a fleet after another. */
export class FleetIncidents {
  readonly #list: FleetIncident[] = [];
  #before: FleetStatus | null = null;
  #open: Open[] = [];

  /** The newest last. */
  get list(): readonly FleetIncident[] {
    return this.#list;
  }

  take(status: FleetStatus, at: number): void {
    const before = this.#before;
    this.#before = status;
    if (before === null) return;
    if (before.total !== status.total && before.total > 0) {
      this.#add({
        kind: 'resharded',
        at,
        worker: null,
        shards: status.total,
        takers: [],
        tookMs: null,
        newSessions: null,
      });
      this.#open = [];
    }
    for (const worker of status.workers) this.#compare(worker, { before, status, at });
    for (const { worker } of before.workers) {
      if (!status.workers.some((other) => other.worker === worker))
        this.#onGone('given', worker, { before, status, at });
    }
    this.#open = this.#open.filter((open) => !this.#close(open, status, at));
  }

  #compare(worker: FleetStatus['workers'][number], facts: Facts): void {
    const known = facts.before.workers.find((other) => other.worker === worker.worker);
    if (known === undefined || (known.state === 'gone' && worker.state !== 'gone')) {
      const { at } = facts;
      this.#add({ kind: 'joined', at, worker: worker.worker, shards: 0, takers: [], tookMs: null, newSessions: null });
    } else if (worker.state === 'gone' && known.state !== 'gone') this.#onGone('lost', worker.worker, facts);
    else if (worker.state === 'draining' && known.state === 'serving') this.#onGone('given', worker.worker, facts);
  }

  #onGone(kind: Open['kind'], worker: string, { before, status, at }: Facts): void {
    // A worker that was lost is forgotten later: that is no second incident.
    if (before.workers.find((other) => other.worker === worker)?.state === 'gone') return;
    if (this.#open.some((open) => open.worker === worker)) return;
    const ids = before.shards.filter((shard) => shard.worker === worker).map(({ id }) => id);
    if (ids.length === 0) return;
    const incident = {
      kind,
      at: at - silenceOf(status, worker),
      worker,
      shards: ids.length,
      takers: [],
      tookMs: null,
      newSessions: null,
    };
    this.#open.push({ kind, at: incident.at, worker, ids, index: this.#add(incident) });
  }

  /** True once every shard is Connected at another worker. */
  #close({ worker, ids, at, index }: Open, { shards }: FleetStatus, now: number): boolean {
    const own = shards.filter(({ id }) => ids.includes(id));
    if (!own.every((shard) => shard.state === 'Connected' && shard.worker !== worker)) return false;
    const takers = [...new Set(own.flatMap((shard) => shard.worker ?? []))].toSorted();
    const newSessions = own.filter(({ sessionAge }) => sessionAge !== null && sessionAge < now - at).length;
    const incident = this.#list[index];
    if (incident !== undefined) this.#list[index] = { ...incident, takers, tookMs: now - at, newSessions };
    return true;
  }

  /** Answers the incident's place in the list. */
  #add(incident: FleetIncident): number {
    this.#list.push(incident);
    if (this.#list.length > 2 * KEPT && this.#open.length === 0) this.#list.splice(0, KEPT);
    return this.#list.length - 1;
  }
}

interface Facts {
  readonly before: FleetStatus;
  readonly status: FleetStatus;
  readonly at: number;
}

/** Time since the worker's last beat: with it the incident began. */
const silenceOf = ({ workers }: FleetStatus, worker: string) => {
  const found = workers.find((other) => other.worker === worker);
  return found?.state === 'gone' ? found.beatAgo : 0;
};

const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `worker w-2 lost: 16 shards taken over by 3 workers in 3.1 s, all resumed` */
export function describeFleetIncident({ kind, worker, shards, takers, tookMs, newSessions }: FleetIncident): string {
  if (kind === 'joined') return `worker ${worker} joined`;
  if (kind === 'resharded') return `the fleet has ${many(shards, 'shard')} now`;
  const what = kind === 'lost' ? `worker ${worker} lost` : `worker ${worker} gives its shards away`;
  if (tookMs === null) return `${what}: ${many(shards, 'shard')} to be taken over`;
  const how = newSessions === 0 ? 'all resumed' : `${newSessions} with a new session`;
  return `${what}: ${many(shards, 'shard')} taken over by ${many(takers.length, 'worker')} in ${(tookMs / 1_000).toFixed(1)} s, ${how}`;
}
