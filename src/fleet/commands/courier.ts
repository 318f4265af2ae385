import { randomUUID } from 'node:crypto';
import { ShardError } from '../../util/errors.js';
import { script, type Scripts } from '../redis/script.js';
import type { FleetKeys } from '../keys.js';
import { receivedError, sentError, type Message } from './messages.js';

export interface CourierDeps {
  readonly scripts: () => Pick<Scripts, 'run'>;
  readonly keys: FleetKeys;
  /** `WORKER/INSTANCE` of this worker. */
  readonly owner: string;
  /** Runs a command of another worker. */
  readonly run: (name: string, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>;
  /** Shards have become free. */
  readonly onWake: () => void;
}

interface Pending {
  readonly to: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  accepted: NodeJS.Timeout | null;
}

/** A message that was not accepted by then is lost, with the worker that was to read it. */
const ACCEPT_LIMIT_MS = 3_000;

/**
 * Puts a message into an inbox. KEYS: inbox. ARGV: message. Run twice it is there twice: who reads it knows its id. An inbox that
 * is not read for a minute is forgotten.
 */
const postScript = script(`
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
return 1
`);

/** Carries commands to other workers, and theirs to this one. No call waits for a worker that is gone. */
export class Courier {
  readonly #deps: CourierDeps;
  readonly #pending = new Map<string, Pending>();
  /** Commands of others that run here. */
  readonly #running = new Map<string, AbortController>();

  constructor(deps: CourierDeps) {
    this.#deps = deps;
  }

  /**
   * Lets the worker `to` run a command, and resolves with its answer.
   * @throws ShardError `WORKER_LOST` where the worker is gone, what the command throws there, and the signal's reason
   */
  async request(to: string, name: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    const id = randomUUID();
    const { owner } = this.#deps;
    signal?.throwIfAborted();
    const answer = new Promise((resolve, reject) => {
      const accepted = setTimeout(() => this.#settle(id, (pending) => pending.reject(lost(to))), ACCEPT_LIMIT_MS);
      this.#pending.set(id, { to, resolve, reject, accepted });
    });
    const abort = () => {
      void this.#post(to, { type: 'cancel', id });
      this.#settle(id, (pending) => pending.reject(signal?.reason));
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#post(to, { type: 'ask', id, from: owner, to, name, args }).catch((error: unknown) =>
      this.#settle(id, (pending) => pending.reject(error)),
    );
    return answer.finally(() => signal?.removeEventListener('abort', abort));
  }

  onMessage(message: Message): void {
    switch (message.type) {
      case 'wake':
        return this.#deps.onWake();
      case 'ask':
        return void this.#run(message);
      case 'cancel':
        return this.#running.get(message.id)?.abort(new Error('The caller no longer waits.'));
      case 'accepted': {
        const pending = this.#pending.get(message.id);
        if (pending?.accepted) clearTimeout(pending.accepted);
        return undefined;
      }
      case 'answer':
        return this.#settle(message.id, ({ resolve }) => resolve(message.value));
      case 'failed':
        return this.#settle(message.id, ({ reject }) => reject(receivedError(message.error)));
    }
  }

  /** Takes the workers that live: calls that wait for another one fail at once. */
  onWorkers(owners: readonly string[]): void {
    for (const [id, { to }] of this.#pending) {
      if (!owners.includes(to)) this.#settle(id, ({ reject }) => reject(lost(to)));
    }
  }

  /** Ends all calls that wait. */
  close(reason: Error): void {
    for (const id of this.#pending.keys()) this.#settle(id, ({ reject }) => reject(reason));
    for (const running of this.#running.values()) running.abort(reason);
  }

  async #run({ id, from, to, name, args }: Extract<Message, { type: 'ask' }>): Promise<void> {
    // A client of Redis sends a command again whose answer was lost.
    if (this.#running.has(id)) return;
    const answer = (message: Message) => this.#post(from, message).catch(() => {});
    if (to !== this.#deps.owner) {
      // The name's process before this one was asked.
      await answer({ type: 'failed', id, error: sentError(lost(to)) });
      return;
    }
    const abort = new AbortController();
    this.#running.set(id, abort);
    await answer({ type: 'accepted', id });
    try {
      const value = (await this.#deps.run(name, args, abort.signal)) ?? null;
      await answer({ type: 'answer', id, value });
    } catch (error) {
      await answer({ type: 'failed', id, error: sentError(error) });
    }
    this.#running.delete(id);
  }

  #settle(id: string, settle: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (pending.accepted !== null) clearTimeout(pending.accepted);
    settle(pending);
  }

  async #post(to: string, message: Message): Promise<void> {
    const { scripts, keys } = this.#deps;
    await scripts().run(postScript, [keys.inbox(to.slice(0, to.lastIndexOf('/')))], [JSON.stringify(message)]);
  }
}

const lost = (owner: string) =>
  new ShardError(
    'WORKER_LOST',
    `Worker ${owner} is gone, or does not read its messages: call again, another worker takes its shards.`,
    {
      value: owner,
    },
  );
