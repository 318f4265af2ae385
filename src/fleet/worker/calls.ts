import type { WorkerReport } from '../../../machines/worker.js';
import { ShardError } from '../../util/errors.js';
import type { GuardedLogger } from '../../util/logger.js';
import { explainUnsettledAwait } from '../../util/unsettledAwait.js';
import { Waiters } from '../../util/waiters.js';
import { stateOf } from './workerState.js';
import type { Worker } from './worker.js';

type Call = 'connect' | 'drain' | 'shutdown';

/** The calls that send the worker's chart a command and wait until it is carried out. */
export class Calls {
  readonly #worker: Worker;
  readonly #logger: GuardedLogger;
  #up = new Waiters();
  #drained = new Waiters();
  readonly #offline = new Waiters();

  constructor(worker: Worker, logger: GuardedLogger) {
    this.#worker = worker;
    this.#logger = logger;
    worker.actor.on('*', (report) => this.#onReport(report));
    worker.actor.subscribe({ error: (error) => this.#onChartFailed(error) });
    explainUnsettledAwait(this);
  }

  /** Why the fleet can do nothing any more; null while it can. */
  get stopped(): ShardError | null {
    const snapshot = this.#worker.actor.getSnapshot();
    if (snapshot.status === 'active' && !snapshot.matches({ Offline: 'stopped' })) return null;
    return new ShardError('CLOSED', 'This worker has been shut down. Create a new one.');
  }

  /** Why a promise of the worker may wait for ever; null after its end. See `explainUnsettledAwait`. */
  whyWaiting(): string | null {
    if (this.stopped !== null) return null;
    return `the worker is ${this.#state}, and nothing is left that could change that. Call shutdown() to end it.`;
  }

  async connect(): Promise<void> {
    const joins = this.#worker.actor.getSnapshot().matches('Joining');
    const starts = this.#worker.actor.getSnapshot().matches({ Online: { duty: 'starting' } });
    if (joins || starts) return this.#up.wait();
    return this.#begin('connect', () => this.#up.wait());
  }

  async drain(): Promise<void> {
    const snapshot = this.#worker.actor.getSnapshot();
    if (snapshot.matches({ Online: { duty: 'drained' } })) return;
    if (snapshot.matches({ Online: { duty: 'draining' } })) return this.#drained.wait();
    return this.#begin('drain', () => this.#drained.wait());
  }

  async shutdown(): Promise<void> {
    const { actor } = this.#worker;
    if (this.stopped === null) {
      this.#fail(new ShardError('CLOSED', 'The worker went down.'));
      actor.send({ type: 'shutdown' });
      if (this.#state !== 'Offline') await this.#offline.wait();
    }
    actor.stop();
  }

  get #state() {
    return stateOf(this.#worker.actor.getSnapshot());
  }

  /** `wait` is called first: the chart may be done before this returns. */
  #begin(type: Call, wait: () => Promise<void>): Promise<void> {
    const { actor } = this.#worker;
    if (this.stopped !== null) throw this.stopped;
    // The chart would ignore a command that it cannot take.
    if (!actor.getSnapshot().can({ type })) {
      const state = this.#state;
      const advice = state === 'Offline' ? 'Await connect() first' : 'Await the call before this one first';
      throw new ShardError('BUSY', `The worker is ${state} and cannot ${type} now. ${advice}.`, { value: state });
    }
    if (type === 'connect') this.#drained.reject(new ShardError('CLOSED', 'The worker was told to connect instead.'));
    if (type === 'drain') this.#up.reject(new ShardError('CLOSED', 'The worker was told to drain instead.'));
    const done = wait();
    actor.send({ type });
    return done;
  }

  #onReport(report: WorkerReport): void {
    switch (report.type) {
      case 'worker.up':
        return this.#up.resolve();
      case 'worker.drained':
        return this.#drained.resolve();
      case 'worker.failed':
        return this.#onFailed(report);
      case 'worker.offline':
        return this.#offline.resolve();
    }
  }

  #onFailed({ why, key }: Extract<WorkerReport, { type: 'worker.failed' }>): void {
    const { error, fatals } = this.#worker;
    const reason = {
      unjoined: error,
      shardRefused: fatals.get(key ?? ''),
      taken: new ShardError(
        'WORKER_TAKEN',
        'Another process has this worker’s name. Leave `worker` out, or give each process a name of its own.',
      ),
    }[why];
    if (why === 'taken') this.#logger.error('another process has the name of this worker: its shards are dropped here');
    this.#fail(reason);
    this.#offline.resolve();
  }

  /** Rejects the calls that wait now. */
  #fail(reason: unknown): void {
    const [up, drained] = [this.#up, this.#drained];
    this.#up = new Waiters();
    this.#drained = new Waiters();
    queueMicrotask(() => [up, drained].forEach((waiters) => waiters.reject(reason)));
  }

  /** A throw inside the chart stops its actor and leaves its children running: its shards must not stay connected. */
  #onChartFailed(cause: unknown): void {
    const message = 'The worker’s chart has failed, which is a bug in shardchart; please report it.';
    this.#logger.failure(message, cause);
    for (const owner of this.#worker.shards.owners.values()) owner.drop();
    this.#fail(new ShardError('CLOSED', message, { cause }));
    this.#offline.resolve();
  }
}
