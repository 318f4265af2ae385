import { setTimeout as sleep } from 'node:timers/promises';
import { sentError, type Ask, type Check, type Message } from './messages.js';
import type { Post } from './post.js';
import { workerLost } from './workerLost.js';

export interface CommandRunnerDeps {
  readonly post: Pick<Post, 'send'>;
  /** `WORKER/INSTANCE` of this worker. */
  readonly owner: string;
  /** Runs a command of another worker. */
  readonly run: (name: string, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>;
}

/** Commands that are known after their end, so that a late copy does not run: more than come while a connection is made again. */
const KNOWN = 10_000;

/** Time in which an answer is sent again and again while Redis is away: as long as it keeps an inbox. */
const ANSWER_LIMIT_MS = 60_000;
const RETRY_MS = 500;

/** Runs the commands of other workers, each once, and answers them. */
export class CommandRunner {
  readonly #deps: CommandRunnerDeps;
  /** Commands that have not been answered. */
  readonly #running = new Map<string, AbortController>();
  readonly #ended = new Set<string>();
  #isClosed = false;

  constructor(deps: CommandRunnerDeps) {
    this.#deps = deps;
  }

  async onAsk({ id, from, to, name, args }: Ask): Promise<void> {
    const { owner, run } = this.#deps;
    // A client of Redis sends a message again whose answer was lost.
    if (this.#running.has(id) || this.#ended.has(id)) return;
    if (to !== owner) return this.#reply(from, { type: 'refused', id });
    const abort = new AbortController();
    this.#running.set(id, abort);
    void this.#reply(from, { type: 'accepted', id });
    const answer = await run(name, args, abort.signal).then(
      (value): Message => ({ type: 'answer', id, value }),
      (error: unknown): Message => ({ type: 'failed', id, error: sentError(error) }),
    );
    await this.#deliver(from, answer);
    this.#running.delete(id);
    this.#remember(id);
  }

  onCancel(id: string): void {
    this.#running.get(id)?.abort(new Error('The caller no longer waits.'));
  }

  /** Tells an asker that hears nothing about its commands. An answer that was sent stands before this in its inbox, or is lost. */
  onCheck({ from, to, ids }: Check): void {
    for (const id of ids) {
      if (this.#running.has(id)) void this.#reply(from, { type: 'accepted', id });
      else void this.#reply(from, { type: 'failed', id, error: sentError(workerLost(to)) });
    }
  }

  /** Aborts what runs. */
  close(reason: Error): void {
    this.#isClosed = true;
    for (const running of this.#running.values()) running.abort(reason);
  }

  /** Sends a message whose loss a later check makes good. */
  async #reply(to: string, message: Message): Promise<void> {
    await this.#deps.post.send(to, message).catch(() => {});
  }

  async #deliver(to: string, answer: Message): Promise<void> {
    const end = performance.now() + ANSWER_LIMIT_MS;
    do {
      try {
        return await this.#deps.post.send(to, answer);
      } catch {
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    } while (!this.#isClosed && performance.now() < end);
  }

  #remember(id: string): void {
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > KNOWN && oldest !== undefined) this.#ended.delete(oldest);
  }
}
