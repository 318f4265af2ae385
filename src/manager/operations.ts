import type { Actor } from 'xstate';
import type { managerMachine } from '../../machines/manager.js';
import type { ManagerCommand, ManagerReport } from '../../machines/manager.types.js';
import { endsSession } from '../protocol/closeCodes.js';
import { ShardError } from '../util/errors.js';
import type { GuardedLogger } from '../util/logger.js';
import { messageOf } from '../util/messageOf.js';
import { explainUnsettledAwait } from '../util/unsettledAwait.js';
import { Waiters } from '../util/waiters.js';
import type { ManagerAssembly } from './assemble.js';
import { stateOf } from './status.js';
import type { PromiseGuard } from '../shard/promiseGuard.js';

export interface OperationsDeps {
  readonly actor: Actor<typeof managerMachine>;
  readonly assembly: Pick<ManagerAssembly, 'fleet' | 'identifies' | 'preparation' | 'refresh'>;
  readonly logger: GuardedLogger;
  /** Stands around the promises of these calls. */
  readonly guard: PromiseGuard;
  /** The manager is down for good. */
  readonly onEnd: () => void;
}

type DownCommand = Extract<ManagerCommand, { type: 'close' | 'abort' | 'shutdown' }>;
type FailedReport = Extract<ManagerReport, { type: 'operation.failed' }>;

/** The calls that send the manager's chart a command and wait until it is carried out. */
export class Operations {
  readonly #deps: OperationsDeps;
  /** Calls that wait for the operation under way; the chart carries out one at a time. */
  #underWay = new Waiters();
  readonly #offline = new Waiters();
  #command: ManagerCommand['type'] = 'connect';
  #abortReason: unknown = null;
  #shutdown: Promise<void> | null = null;

  constructor(deps: OperationsDeps) {
    this.#deps = deps;
    deps.actor.on('*', (report) => this.#onReport(report));
    deps.actor.subscribe({ error: (error) => this.#onChartFailed(error) });
    explainUnsettledAwait(this);
  }

  /** Why the manager can do nothing any more; null while it can. */
  get stopped(): ShardError | null {
    const snapshot = this.#deps.actor.getSnapshot();
    if (snapshot.status === 'active' && !snapshot.matches({ Offline: 'stopped' })) return null;
    return new ShardError('CLOSED', 'The manager has been shut down. Create a new one.');
  }

  /** Why a promise of the manager may wait for ever; null after its end. See `explainUnsettledAwait`. */
  whyWaiting(): string | null {
    if (this.stopped !== null) return null;
    const state = stateOf(this.#deps.actor.getSnapshot().value);
    const advice = state === 'Offline' ? 'Call connect() before you wait for it' : 'Call shutdown() to end it';
    return `the manager is ${state}, and nothing is left that could change that. ${advice}.`;
  }

  /** Joins the start that is under way, or begins one. */
  connect(): Promise<void> {
    return this.#deps.guard.run(() => this.#connect());
  }

  /** Carries out the command that `plan` returns. With a signal, the command can be called off. */
  begin(plan: () => ManagerCommand, signal?: AbortSignal): Promise<void> {
    return this.#deps.guard.run(() => this.#begin(plan, signal));
  }

  async goDown(command: DownCommand): Promise<void> {
    this.#fail(wentDown);
    this.#deps.actor.send(command);
    if (this.#state !== 'Offline') await this.#offline.wait();
  }

  shutdown(code: number, reason: string): Promise<void> {
    return (this.#shutdown ??= this.#shutDown(code, reason));
  }

  get #state() {
    return stateOf(this.#deps.actor.getSnapshot().value);
  }

  async #connect(): Promise<void> {
    const snapshot = this.#deps.actor.getSnapshot();
    const isStarting =
      snapshot.matches('Preparing') ||
      snapshot.matches({ Online: 'Starting' }) ||
      snapshot.matches({ Closing: 'comingBack' });
    return isStarting ? this.#underWay.wait() : this.#begin(() => ({ type: 'connect' }));
  }

  async #begin(plan: () => ManagerCommand, signal?: AbortSignal): Promise<void> {
    const { actor } = this.#deps;
    const command = plan();
    const stopped = this.stopped ?? (this.#shutdown === null ? null : wentDown());
    if (stopped !== null) throw stopped;
    // The chart would ignore a command that it cannot take.
    if (!actor.getSnapshot().can(command)) {
      const state = this.#state;
      const advice = state === 'Offline' ? 'Await connect() first' : 'Await the call before this one first';
      throw new ShardError('BUSY', `The manager is ${state} and cannot ${command.type} now. ${advice}.`, {
        value: state,
      });
    }
    this.#command = command.type;
    const done = this.#underWay.wait();
    // Listens only now: the signal of a refused call must not call off the operation under way.
    const abort = () => {
      this.#abortReason = signal?.reason;
      actor.send({ type: 'reshard.abort' });
    };
    signal?.addEventListener('abort', abort, { once: true });
    actor.send(command);
    await done.finally(() => signal?.removeEventListener('abort', abort));
  }

  #onReport(report: ManagerReport): void {
    switch (report.type) {
      case 'operation.done':
        return this.#underWay.resolve();
      case 'operation.failed':
        return this.#onFailed(report);
      case 'manager.offline':
        // Otherwise it connects again, for calls that came while it went down.
        if (this.#state === 'Offline') this.#fail(wentDown);
        return this.#offline.resolve();
    }
  }

  #onFailed(report: FailedReport): void {
    const command = this.#command;
    const reasonOf = this.#reasonOf(report);
    this.#fail(() => {
      const reason = reasonOf();
      const outcome = report.why === 'aborted' ? 'was called off' : `failed: ${messageOf(reason)}`;
      this.#deps.logger.warn(`${command} ${outcome}`);
      return reason;
    });
  }

  /** Rejects the calls that wait now, once this turn of the chart is over: only then the reason is known. */
  #fail(reasonOf: () => unknown): void {
    const failed = this.#underWay;
    this.#underWay = new Waiters();
    queueMicrotask(() => failed.reject(reasonOf()));
  }

  #reasonOf({ why, shards: [first] }: FailedReport): () => unknown {
    const { fleet, preparation, identifies } = this.#deps.assembly;
    if (why === 'shardDown' && first !== undefined) return fleet.failures.of(first);
    if (why === 'aborted') return () => this.#abortReason;
    if (why === 'unprepared') return () => preparation.error;
    const left = identifies.left ?? 0;
    const until = new Date(identifies.own?.budget?.resetAt ?? 0).toISOString();
    const message = `Only ${left} identifies are left today, fewer than this needs. Try again after ${until}.`;
    return () => new ShardError('OVER_BUDGET', message, { value: left });
  }

  async #shutDown(code: number, reason: string): Promise<void> {
    const { actor, assembly, onEnd } = this.#deps;
    if (this.stopped === null) await this.goDown({ type: 'shutdown', code, reason });
    if (endsSession(code)) await assembly.fleet.forgetSessions();
    actor.stop();
    assembly.refresh.stop();
    assembly.identifies.stop();
    onEnd();
  }

  /** A throw inside a chart stops its actor and leaves its children running: its shards must not stay connected. */
  #onChartFailed(cause: unknown): void {
    const { assembly, logger, onEnd } = this.#deps;
    const { fleet } = assembly;
    const message = `The manager's chart has failed, which is a bug in shardchart; please report it: ${messageOf(cause)}`;
    logger.error(message);
    for (const shard of [...fleet.shards.values(), ...fleet.others]) shard.forceClose();
    this.#fail(() => new ShardError('CLOSED', message, { cause }));
    this.#offline.resolve();
    onEnd();
  }
}

const wentDown = () => new ShardError('CLOSED', 'The manager went down.');
