import { ShardError } from '../../util/errors.js';
import type { FleetKeys } from '../keys.js';
import type { Script, Scripts } from '../redis/script.js';
import type { ShardKey } from '../shardKey.js';
import { beatScript } from './beatScript.js';
import {
  cutOverScript,
  holdsScript,
  joinScript,
  leaveScript,
  releaseScript,
  startReshardScript,
  statusScript,
} from './leaseScripts.js';
import { layoutOf, readStatus, type FleetLayout, type LeaseStatus, type WorkerRow } from './leaseStatus.js';

export interface LeaseDeps {
  readonly scripts: Pick<Scripts, 'run'>;
  readonly keys: FleetKeys;
  /** Name of the worker, without white space and `/`. */
  readonly worker: string;
  /** Differs for each start of a worker. */
  readonly instance: string;
  /** Time after which a worker that does not beat loses its shards. Default 3 000. */
  readonly ttlMs?: number;
}

/** Shard of a worker, and the number of this ownership. */
export interface Owned {
  readonly key: ShardKey;
  readonly epoch: number;
}

export interface Held extends Owned {
  /** True while the shard is Connected. */
  readonly isUp: boolean;
  /** True while READY is awaited: the shard does not move before, for its IDENTIFY would be spent for nothing. */
  readonly isStarting?: boolean;
}

export interface Beat {
  readonly state: 'serving' | 'draining';
  /** Most shards of one layout; null: no limit. During a reshard a worker runs as many of the next layout besides. */
  readonly capacity: number | null;
  /** Shards that run here, or are on their way out. */
  readonly held: readonly Held[];
  /** Any text; `status` shows it to other workers. */
  readonly report: string;
}

export interface BeatAnswer {
  /** All shards that are this worker's now. */
  readonly owned: readonly Owned[];
  /** Owned shards that the worker closes so that they can be resumed, and releases. */
  readonly give: readonly ShardKey[];
  readonly fleet: FleetLayout;
  /** False while shards that a worker may still hold are not claimed: Redis was away, or has lost writes. */
  readonly mayClaim: boolean;
  /** Owners, `WORKER/INSTANCE`, whose lease lives. */
  readonly workers: readonly string[];
  /** Another instance has this worker's name: this one owns nothing. */
  readonly isFenced: boolean;
  /** Time after which the next beat is wanted; null where the usual one will do. */
  readonly againMs: number | null;
}

/** Time after which the next shard may move, although the last one is not up yet. */
const MOVE_LIMIT_MS = 10_000;

/** A worker's right to act for its shards. Redis says which are its own; who asks, and when, is the caller's. */
export class Lease {
  /** Names the worker in Redis: `WORKER/INSTANCE`. */
  readonly owner: string;
  readonly ttlMs: number;
  readonly #deps: LeaseDeps;
  #since = 0;
  /** Highest epoch that an answer has shown: a Redis that knows a lower one has lost writes. */
  #seen = 0;
  #fleet: FleetLayout | null = null;
  #others: readonly string[] = [];
  #endsAt = -Infinity;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
    this.owner = `${deps.worker}/${deps.instance}`;
    this.ttlMs = deps.ttlMs ?? 3_000;
  }

  /** End of the lease on the clock of `performance.now()`: `ttlMs` after the last answered beat was sent. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /**
   * Takes the worker into the fleet. The first worker's total is the fleet's; `isProposal` accepts the one that the fleet has.
   * @throws ShardError `FLEET_TOTAL` where the fleet has another total, `WORKER_TAKEN` where the name's lease lives
   */
  async join({
    total,
    capacity,
    isProposal = false,
  }: {
    readonly total: number;
    readonly capacity: number | null;
    readonly isProposal?: boolean;
  }): Promise<FleetLayout> {
    const sentAt = performance.now();
    const row = this.#row({ state: 'serving', capacity, report: '' });
    const args = [this.#deps.worker, row, this.ttlMs, total, isProposal ? 1 : 0];
    const [answer, ...rest] = (await this.#run(joinScript, args)) as unknown[];
    if (String(answer) === 'taken') throw this.#taken(Number(rest[0]));
    if (String(answer) === 'total') {
      throw new ShardError(
        'FLEET_TOTAL',
        `The fleet has ${String(rest[0])} shards, and this worker was started with ${total}: start it with ` +
          `${String(rest[0])}, or call \`fleet.reshard(${total})\` on a running worker.`,
        { value: total },
      );
    }
    this.#seen = Math.max(this.#seen, Number(rest[4]));
    this.#since = Number(rest[5]);
    this.#endsAt = sentAt + this.ttlMs;
    this.#fleet = layoutOf(rest);
    return this.#fleet;
  }

  /** Renews the lease. One beat at a time, at most a third of the `ttlMs` after the last. */
  async beat({ state, capacity, held, report }: Beat): Promise<BeatAnswer> {
    const sentAt = performance.now();
    const { layout = 0, total = 0, next = null } = this.#fleet ?? {};
    const { worker, instance } = this.#deps;
    const row = this.#row({ state, capacity, report });
    const known = [layout, total, next?.layout ?? -1, next?.total ?? -1];
    const shards = held.flatMap(({ key, epoch, isUp, isStarting }) => [
      key,
      epoch,
      isUp ? 1 : isStarting === true ? 2 : 0,
    ]);
    const args = [worker, instance, row, this.#since, this.ttlMs, MOVE_LIMIT_MS, this.#seen, ...known, ...shards];
    const answer = (await this.#run(beatScript, args)) as readonly unknown[];
    if (Number(answer[0]) === 1) {
      this.#endsAt = -Infinity;
      const fleet = { layout, total, next };
      return { owned: [], give: [], fleet, mayClaim: false, workers: [], isFenced: true, againMs: null };
    }
    const [flat, give, numbers, workers] = (answer.slice(1, 5) as unknown[][]).map((part) => part.map(String));
    this.#endsAt = sentAt + this.ttlMs;
    this.#seen = Math.max(this.#seen, Number(answer[5]));
    this.#fleet = layoutOf(numbers ?? []);
    this.#others = (workers ?? []).map((owner) => owner.slice(0, owner.indexOf('/'))).filter((name) => name !== worker);
    const againMs = Number(answer[6]);
    return {
      owned: (flat ?? []).flatMap((key, index, all) =>
        index % 2 === 0 ? [{ key, epoch: Number(all[index + 1]) }] : [],
      ),
      give: give ?? [],
      fleet: this.#fleet,
      mayClaim: Number(answer[7]) === 0,
      workers: workers ?? [],
      isFenced: false,
      againMs: againMs < 0 ? null : againMs,
    };
  }

  /** Frees shards, and wakes the other workers to claim them. Those that are another's by now stay as they are. */
  async release(held: readonly Owned[]): Promise<void> {
    if (held.length === 0) return;
    const shards = held.flatMap(({ key, epoch }) => [key, epoch]);
    await this.#runWaking(releaseScript, [this.owner, held.length, ...shards]);
  }

  /**
   * Asks Redis if the shard is this worker's, and stays so for one `ttlMs`. It comes before an IDENTIFY is counted, and before
   * a shard that lost its socket while the lease was unsure resumes.
   */
  async holds(key: ShardKey, epoch: number): Promise<boolean> {
    const { worker, instance } = this.#deps;
    return Number(await this.#run(holdsScript, [worker, instance, this.ttlMs, key, epoch])) === 1;
  }

  /** Takes the worker out of the fleet. What it still owns is free, and the other workers are woken. */
  async leave(): Promise<void> {
    this.#endsAt = -Infinity;
    await this.#runWaking(leaveScript, [this.#deps.worker, this.#deps.instance]);
  }

  async status(): Promise<LeaseStatus> {
    return readStatus((await this.#run(statusScript, [])) as readonly unknown[]);
  }

  /**
   * Begins a reshard: workers claim the shards of the next layout beside those of the current one.
   * @throws ShardError `BUSY` while a reshard to another total is under way
   */
  async startReshard(total: number): Promise<void> {
    const answer = (await this.#run(startReshardScript, [this.#fleet?.layout ?? 0, total])) as readonly unknown[];
    if (String(answer[0]) === 'ok') return;
    const message = `A reshard to ${String(answer[1])} shards is under way: wait until it is over.`;
    throw new ShardError('BUSY', message, { value: total });
  }

  /**
   * Makes the next layout the current one if all of its shards are Connected. Answers the time of the cutover on Redis' clock,
   * or the shards that are not up.
   */
  async cutOver(nextLayout: number): Promise<{ readonly at: number | null; readonly missing: readonly ShardKey[] }> {
    const [at, ...missing] = (await this.#run(cutOverScript, [nextLayout])) as readonly unknown[];
    return { at: Number(at) < 0 ? null : Number(at), missing: missing.map(String) };
  }

  #row(row: Pick<WorkerRow, 'state' | 'capacity' | 'report'>): string {
    const { instance } = this.#deps;
    return JSON.stringify({ instance, ttlMs: this.ttlMs, since: this.#since, ...row } satisfies WorkerRow);
  }

  #taken(leftMs: number): ShardError {
    const { worker } = this.#deps;
    return new ShardError(
      'WORKER_TAKEN',
      `Another process runs as worker "${worker}": give this one another name. If that process has died, its name is free ` +
        `in ${leftMs} ms.`,
      { value: worker },
    );
  }

  #runWaking(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const { keys } = this.#deps;
    return this.#run(script, [...args, ...this.#others], this.#others.map(keys.inbox));
  }

  #run(script: Script, args: readonly (string | number)[], inboxes: readonly string[] = []): Promise<unknown> {
    const { fleet, workers, leases, owners, up, sessions, positions } = this.#deps.keys;
    return this.#deps.scripts.run(script, [fleet, workers, leases, owners, up, sessions, positions, ...inboxes], args);
  }
}
