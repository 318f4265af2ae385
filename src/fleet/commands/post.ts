import type { FleetKeys } from '../keys.js';
import { script, type Scripts } from '../redis/script.js';
import type { Message } from './messages.js';

export interface PostDeps {
  readonly scripts: () => Pick<Scripts, 'run'>;
  readonly keys: Pick<FleetKeys, 'inbox'>;
}

/**
 * Puts a message into an inbox. KEYS: inbox. ARGV: message. Run twice it is there twice: its reader knows the commands that it
 * has run. An inbox that is not read for a minute is forgotten.
 */
const sendScript = script(`
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
return 1
`);

/**
 * Takes a message out of an inbox again, and answers how often it was there: with 0 it may have been read. KEYS: inbox. ARGV:
 * message. Run twice it answers 0 the second time, which promises less than is so.
 */
const withdrawScript = script(`return redis.call('LREM', KEYS[1], 0, ARGV[1])`);

/** Puts messages into the inboxes of workers. */
export class Post {
  readonly #deps: PostDeps;

  constructor(deps: PostDeps) {
    this.#deps = deps;
  }

  /** Sends a message to the worker `to`. Rejects as `Scripts.run` does; the message may arrive all the same. */
  async send(to: string, message: Message): Promise<void> {
    await this.#run(sendScript, to, message);
  }

  /** Takes a message back. Resolves with true where the worker has not read it, and never will. */
  async withdraw(to: string, message: Message): Promise<boolean> {
    return Number(await this.#run(withdrawScript, to, message)) > 0;
  }

  async #run(which: typeof sendScript, to: string, message: Message): Promise<unknown> {
    const { scripts, keys } = this.#deps;
    return scripts().run(which, [keys.inbox(to.slice(0, to.lastIndexOf('/')))], [JSON.stringify(message)]);
  }
}
