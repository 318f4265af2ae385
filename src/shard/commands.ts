import { waitFor, type Actor } from 'xstate';
import { lifecycleOf, type Lifecycle } from '../../machines/lifecycle.js';
import type { shardMachine } from '../../machines/shard.js';
import type { ShardCommand } from '../../machines/shard.types.js';
import { ShardError } from '../util/errors.js';
import { handled } from '../util/handled.js';
import type { Waiters } from '../util/waiters.js';

/** Promises of what a shard is to reach. */
export interface ShardWaiters {
  readonly connected: Waiters;
  /** Offline, or on the way up again: a close() must not wait out the connection that follows it. */
  readonly offline: Waiters;
}

export interface CommandsDeps {
  readonly actor: Actor<typeof shardMachine>;
  readonly waiters: ShardWaiters;
  /** Why the gateway refused the shard for good, or null. */
  readonly fatal: () => ShardError | null;
  /** Rejects what waits to be sent or answered. */
  readonly rejectPending: (error: unknown) => void;
  /** Resolves when the session store has what was saved. */
  readonly flushed: () => Promise<void>;
}

type GoingUp = Extract<ShardCommand, { type: 'connect' | 'resume' | 'identify' | 'reconnect' | 'reinstantiate' }>;
type GoingDown = Extract<ShardCommand, { type: 'close' | 'abort' }>;

/** Sends the chart its commands, and promises what they lead to. The chart decides. */
export class Commands {
  readonly #deps: CommandsDeps;
  #shutdown: Promise<void> | null = null;

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
  }

  /** Sends a command, unless the shard is down for good. */
  send(command: ShardCommand): void {
    if (this.downForGood() === null || command.type === 'shutdown') this.#deps.actor.send(command);
  }

  /** Resolves when Connected. */
  goUp(command: GoingUp): Promise<void> {
    return handled(this.#goUp(command));
  }

  /** Resolves when Connected, and rejects as soon as it is known that there is no session to resume. */
  resume(): Promise<void> {
    return handled(this.#resume());
  }

  /** Goes down until the next way up. Nothing that waits will be sent. */
  goDown(command: GoingDown): void {
    this.send(command);
    this.#rejectWaiting();
  }

  async offline(): Promise<void> {
    if (this.#state !== 'Offline') await this.#deps.waiters.offline.wait();
  }

  /** Goes down for good and stops the chart. A second call has the promise of the first. */
  shutdown(code: number, reason: string): Promise<void> {
    return (this.#shutdown ??= this.#shutDown(code, reason));
  }

  /** Why nothing can be asked of this shard any more, or null. */
  downForGood(): ShardError | null {
    const fatal = this.#deps.fatal();
    if (fatal !== null) return fatal;
    const snapshot = this.#deps.actor.getSnapshot();
    if (snapshot.status === 'active' && !snapshot.matches({ Offline: 'stopped' })) return null;
    return new ShardError('CLOSED', 'The shard has been shut down. Create a new one.');
  }

  /** True where no connection is there, and none is wanted. */
  get isOffline(): boolean {
    return this.#state === 'Offline';
  }

  /** Why a promise of this shard may wait for ever; null for a shard that is down for good. See `explainUnsettledAwait`. */
  whyWaiting(): string | null {
    if (this.downForGood() !== null) return null;
    const { shardId } = this.#deps.actor.getSnapshot().context;
    const advice = this.isOffline ? 'Call connect() before you wait for it' : 'Call shutdown() to end it';
    return `shard ${shardId} is ${this.#state}, and nothing is left that could change that. ${advice}.`;
  }

  get #state(): Lifecycle {
    return lifecycleOf(this.#deps.actor.getSnapshot());
  }

  async #goUp(command: GoingUp): Promise<void> {
    const down = this.downForGood();
    if (down !== null) throw down;
    if ((command.type === 'connect' || command.type === 'identify') && this.#state === 'Connected') return;
    // Waits from before the command on: a listener may bring the shard down again before `send` returns.
    const connected = this.#deps.waiters.connected.wait();
    this.send(command);
    return connected;
  }

  async #resume(): Promise<void> {
    const { actor, waiters } = this.#deps;
    const { session, asksStore } = actor.getSnapshot().context;
    if (session !== null)
      return this.#goUp(this.#state === 'Offline' ? { type: 'resume' } : { type: 'connect', session });
    if (!asksStore) throw noSession();
    const down = this.downForGood();
    if (down !== null) throw down;
    const connected = waiters.connected.wait();
    this.send({ type: 'resume' });
    const answered = waitFor(actor, (snapshot) => !snapshot.matches('awaitingSession'));
    await Promise.race([connected, answered]);
    // Where connect() was called as well, the shard identifies now; the resume has failed all the same.
    if (actor.getSnapshot().context.session === null) throw noSession();
    return connected;
  }

  #rejectWaiting(): void {
    const closed = new ShardError('CLOSED', 'The shard was told to go down. Call connect() to bring it up again.');
    this.#deps.waiters.connected.reject(closed);
    this.#deps.rejectPending(closed);
  }

  async #shutDown(code: number, reason: string): Promise<void> {
    const { actor, flushed } = this.#deps;
    if (actor.getSnapshot().status === 'active') {
      this.send({ type: 'shutdown', code, reason });
      await this.offline();
    }
    this.#rejectWaiting();
    await flushed();
    actor.stop();
  }
}

export const noSession = () =>
  new ShardError('NO_SESSION', 'There is no session to resume. Use connect(), which identifies then.');
