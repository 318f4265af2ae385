import { randomUUID } from 'node:crypto';
import { CommandRunner, type CommandRunnerDeps } from './commandRunner.js';
import { receivedError, type Ask, type Message } from './messages.js';
import { Post, type PostDeps } from './post.js';
import { NotRunError, workerLost } from './workerLost.js';

export interface CourierDeps extends PostDeps, Omit<CommandRunnerDeps, 'post'> {
  /** Shards have become free. */
  readonly onWake: () => void;
}

/** A command that waits for its answer. */
interface Call {
  readonly ask: Ask;
  /** Beats that had been answered when it left. */
  readonly beats: number;
  /** True from when the worker has read it: it may run. */
  isRead: boolean;
  /** When the worker was last heard of, on the clock of `performance.now()`. */
  heardAt: number;
  /** Checks since then that Redis has taken. */
  checks: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Time between two looks at the calls that wait. */
const WATCH_MS = 1_000;

/** A command that was not accepted by then is taken back, where it is unread. */
const ACCEPT_LIMIT_MS = 3_000;

/** A worker that has read a command and is silent for so long is asked at every look if it still runs. */
const CHECK_MS = 2_000;

/**
 * Checks that stay unanswered until the worker counts as gone. Checks are counted, and not time: this process may have been
 * paused, or Redis away.
 */
const MAX_CHECKS = 10;

/**
 * Carries commands to other workers, and theirs to this one. No call waits for a worker that is gone, and none for an answer
 * that Redis has lost.
 */
export class Courier {
  readonly #deps: CourierDeps;
  readonly #post: Post;
  readonly #runner: CommandRunner;
  readonly #calls = new Map<string, Call>();
  #watch: NodeJS.Timeout | null = null;
  #beats = 0;

  constructor(deps: CourierDeps) {
    this.#deps = deps;
    this.#post = new Post(deps);
    this.#runner = new CommandRunner({ post: this.#post, owner: deps.owner, run: deps.run });
  }

  /**
   * Lets the worker `to` run a command, and resolves with its answer.
   * @throws NotRunError where the worker is gone and had not read the command, ShardError `WORKER_LOST` where it may have run
   * it, what the command throws there, what `Scripts.run` throws, and the signal's reason
   */
  async request(to: string, name: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const id = randomUUID();
    const ask: Ask = { type: 'ask', id, from: this.#deps.owner, to, name, args };
    const answer = new Promise((resolve, reject) => {
      const heardAt = performance.now();
      this.#calls.set(id, { ask, beats: this.#beats, isRead: false, heardAt, checks: 0, resolve, reject });
    });
    this.#watch ??= setInterval(() => this.#lookAfterCalls(), WATCH_MS);
    const abort = () => {
      void this.#cancel(ask);
      this.#settle(id, ({ reject }) => reject(signal?.reason));
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#post.send(to, ask).then(
      () => this.#hear(id),
      (error: unknown) => this.#settle(id, ({ reject }) => reject(error)),
    );
    return answer.finally(() => signal?.removeEventListener('abort', abort));
  }

  onMessage(message: Message): void {
    switch (message.type) {
      case 'wake':
        return this.#deps.onWake();
      case 'ask':
        return void this.#runner.onAsk(message);
      case 'cancel':
        return this.#runner.onCancel(message.id);
      case 'check':
        return this.#runner.onCheck(message);
      case 'accepted':
        return this.#hear(message.id, true);
      case 'refused':
        return this.#settle(message.id, ({ ask, isRead, reject }) =>
          reject(isRead ? workerLost(ask.to) : new NotRunError(ask.to)),
        );
      case 'answer':
        return this.#settle(message.id, ({ resolve }) => resolve(message.value));
      case 'failed':
        return this.#settle(message.id, ({ reject }) => reject(receivedError(message.error)));
    }
  }

  /**
   * Takes the workers that live, as a beat was answered: calls that wait for another one fail at once. A beat that was under
   * way when a call left may not know its worker yet, and says nothing about it.
   */
  onWorkers(owners: readonly string[]): void {
    this.#beats += 1;
    for (const call of this.#calls.values()) {
      if (!owners.includes(call.ask.to) && this.#beats - call.beats > 1) void this.#giveUp(call);
    }
  }

  /** Ends all calls that wait, and aborts the commands of others. */
  close(reason: Error): void {
    for (const id of this.#calls.keys()) this.#settle(id, ({ reject }) => reject(reason));
    this.#runner.close(reason);
  }

  #lookAfterCalls(): void {
    const now = performance.now();
    const silent = new Map<string, Call[]>();
    for (const call of this.#calls.values()) {
      const silentMs = now - call.heardAt;
      const { to } = call.ask;
      if (call.checks >= MAX_CHECKS) void this.#giveUp(call);
      else if (!call.isRead && silentMs > ACCEPT_LIMIT_MS) void this.#takeBack(call);
      else if (call.isRead && silentMs > CHECK_MS) silent.set(to, [...(silent.get(to) ?? []), call]);
    }
    for (const [to, calls] of silent) void this.#check(to, calls);
  }

  async #check(to: string, calls: readonly Call[]): Promise<void> {
    try {
      await this.#post.send(to, { type: 'check', from: this.#deps.owner, to, ids: calls.map(({ ask }) => ask.id) });
      for (const call of calls) call.checks += 1;
    } catch {
      // While Redis is away, silence says nothing about the worker.
    }
  }

  async #cancel(ask: Ask): Promise<void> {
    try {
      if (!(await this.#post.withdraw(ask.to, ask))) await this.#post.send(ask.to, { type: 'cancel', id: ask.id });
    } catch {
      // Redis is away: the command runs to its end, and its answer is dropped.
    }
  }

  /** Fails a call whose worker is gone. */
  async #giveUp(call: Call): Promise<void> {
    if (!call.isRead) await this.#takeBack(call);
    this.#settle(call.ask.id, ({ ask, reject }) => reject(workerLost(ask.to)));
  }

  /** Takes a command out of the inbox, and fails its call. One that is not there any more was read. */
  async #takeBack(call: Call): Promise<void> {
    const { id, to } = call.ask;
    try {
      if (!(await this.#post.withdraw(to, call.ask))) call.isRead = true;
      else this.#settle(id, ({ reject }) => reject(new NotRunError(to)));
    } catch {
      // Redis is away: the next look tries again.
    }
  }

  #hear(id: string, isRead = false): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    call.heardAt = performance.now();
    call.checks = 0;
    call.isRead ||= isRead;
  }

  #settle(id: string, settle: (call: Call) => void): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    if (this.#calls.size === 0 && this.#watch !== null) {
      clearInterval(this.#watch);
      this.#watch = null;
    }
    settle(call);
  }
}
