import { randomUUID } from 'node:crypto';
import { ShardError } from '../util/errors.js';
import { Courier } from './commands/courier.js';
import { Inbox } from './commands/inbox.js';
import { readFleetStatus, type FleetStatus } from './fleetStatus.js';
import { checkFleetName, keysOf, type FleetKeys } from './keys.js';
import { Lease } from './lease/lease.js';
import { checkRedis, openRedis } from './redis/openRedis.js';
import type { RedisClient, RedisTarget } from './redis/redisClient.js';
import { Scripts } from './redis/script.js';

/** Shows and commands a fleet from outside: it runs no shard, and no worker sees it. For the command line. */
export class FleetRemote implements AsyncDisposable {
  readonly #keys: FleetKeys;
  readonly #client: RedisClient;
  readonly #lease: Lease;
  readonly #courier: Courier;
  readonly #inbox: Inbox;

  private constructor(client: RedisClient, name: string) {
    const [worker, instance] = [`remote-${randomUUID().slice(0, 8)}`, 'remote'];
    const scripts = new Scripts(client);
    this.#keys = keysOf(name);
    this.#client = client;
    this.#lease = new Lease({ scripts, keys: this.#keys, worker, instance });
    this.#courier = new Courier({
      scripts: () => scripts,
      keys: this.#keys,
      owner: this.#lease.owner,
      run: () => Promise.reject(new ShardError('NOT_OWNED', 'No shard runs here.')),
      onWake: () => {},
    });
    this.#inbox = new Inbox({
      client: client.duplicate(() => {}),
      key: this.#keys.inbox(worker),
      onMessage: (message) => this.#courier.onMessage(message),
    });
  }

  /** @throws ShardError `INVALID_OPTION` */
  static async open(redis: RedisTarget, name: string, onError: (message: string) => void): Promise<FleetRemote> {
    checkRedis(redis);
    checkFleetName(name);
    return new FleetRemote(await openRedis(redis, onError), name);
  }

  status(): Promise<FleetStatus> {
    return readFleetStatus({ client: this.#client, keys: this.#keys, lease: this.#lease });
  }

  /**
   * Makes a worker give its shards away. Resolves when it has.
   * @throws ShardError `WORKER_LOST`, and what `fleet.drain` throws there
   */
  async drain(worker: string): Promise<void> {
    await this.#courier.request(await this.#ownerOf(worker), 'drain', []);
  }

  /**
   * Gives the fleet another number of shards. Resolves when they are in service.
   * @throws ShardError `WORKER_LOST`, and what `fleet.reshard` throws
   */
  async reshard(total: number): Promise<void> {
    await this.#courier.request(await this.#ownerOf(null), 'reshard', [total]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#courier.close(new ShardError('CLOSED', 'The connection to the fleet was closed.'));
    this.#inbox.stop();
    this.#client.close();
    await Promise.resolve();
  }

  /** Owner of this name, or any where it is null. */
  async #ownerOf(worker: string | null): Promise<string> {
    const { workers } = await this.#lease.status();
    const living = workers.filter(({ isAlive }) => isAlive);
    const found = worker === null ? living[0] : living.find((other) => other.worker === worker);
    if (found !== undefined) return `${found.worker}/${found.instance}`;
    const names = living.map((other) => other.worker).join(', ');
    const message = `${worker === null ? 'No worker runs.' : `No worker ${worker} runs.`}${names === '' ? '' : ` Those that do: ${names}.`}`;
    throw new ShardError('WORKER_LOST', message, { value: worker });
  }
}
