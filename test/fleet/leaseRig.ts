import { keysOf } from '../../src/fleet/keys.js';
import { Lease, type BeatAnswer, type Held } from '../../src/fleet/lease/lease.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import { Scripts } from '../../src/fleet/redis/script.js';
import type { RedisClient } from '../../src/fleet/redis/redisClient.js';
import type { RedisServer } from './redisRig.js';

export interface WorkerRigOptions {
  readonly total?: number;
  readonly capacity?: number | null;
  readonly instance?: string;
  readonly ttlMs?: number;
  /** Every script runs twice, as when a client sends it again; the second answer counts. Default false. */
  readonly isResent?: boolean;
}

/** Scripts that all run twice. */
class ResentScripts extends Scripts {
  override async run(...args: Parameters<Scripts['run']>): Promise<unknown> {
    await super.run(...args);
    return super.run(...args);
  }
}

/** A worker whose shards are names: they are Connected as soon as it owns them, and released as soon as it gives them. */
export class WorkerRig {
  readonly lease: Lease;
  capacity: number | null;
  state: 'serving' | 'draining' = 'serving';
  /** False: the shards that it claims stay on their way up. */
  comesUp = true;
  held: Held[] = [];
  readonly #client: RedisClient;

  private constructor(client: RedisClient, lease: Lease, capacity: number | null) {
    this.#client = client;
    this.lease = lease;
    this.capacity = capacity;
  }

  /** A worker that has not joined. */
  static async create(
    redis: RedisServer,
    name: string,
    worker: string,
    options: WorkerRigOptions = {},
  ): Promise<WorkerRig> {
    const client = await openRedis(redis.url, () => {});
    const { instance = worker, ttlMs = 60_000, capacity = null, isResent = false } = options;
    const scripts = new (isResent ? ResentScripts : Scripts)(client);
    const deps = { scripts, keys: keysOf(name), worker, instance, ttlMs };
    return new WorkerRig(client, new Lease(deps), capacity);
  }

  static async join(
    redis: RedisServer,
    name: string,
    worker: string,
    options: WorkerRigOptions = {},
  ): Promise<WorkerRig> {
    const rig = await WorkerRig.create(redis, name, worker, options);
    await rig.lease.join({ total: options.total ?? 8, capacity: rig.capacity });
    return rig;
  }

  get keys(): string[] {
    return this.held.map(({ key }) => key).toSorted();
  }

  /** Beats once, and does what the answer says. */
  async beat(): Promise<BeatAnswer> {
    const { state, capacity, held } = this;
    const answer = await this.lease.beat({ state, capacity, held, report: `${held.length} shards` });
    const owned = answer.owned.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const kept = owned.filter(({ key }) => !answer.give.includes(key));
    const given = owned.filter(({ key }) => answer.give.includes(key));
    const wasUp = new Set(held.filter(({ isUp }) => isUp).map(({ key }) => key));
    this.held = kept.map(({ key, epoch }) => ({ key, epoch, isUp: this.comesUp || wasUp.has(key) }));
    await this.lease.release(given);
    return answer;
  }

  close(): void {
    this.#client.close();
  }
}

/** Lets workers beat in turn, so many rounds; after each beat no shard is held twice. */
export async function beatAll(workers: readonly WorkerRig[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const worker of workers) {
      await worker.beat();
      const keys = workers.flatMap(({ keys: own }) => own);
      if (new Set(keys).size !== keys.length) throw new Error(`a shard is held twice: ${keys.join(' ')}`);
    }
  }
}

export const counts = (workers: readonly WorkerRig[]): number[] => workers.map(({ held }) => held.length);
