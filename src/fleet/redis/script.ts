import { messageOf } from '../../util/messageOf.js';
import { createHash } from 'node:crypto';
import { within } from '../../util/within.js';
import type { RedisArgument, RedisClient } from './redisClient.js';

/**
 * A Lua script: Redis runs it as a whole, with nothing in between. Clients resend a command whose answer was lost, so each
 * script may be run twice. All its keys have one hash tag, and so are on one node of a cluster.
 */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Redis' clock in milliseconds. Each script is written to survive a step of it. */
const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

export function script(body: string): Script {
  const text = `${CLOCK}${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** An answer that is longer in coming counts as none. */
const ANSWER_LIMIT_MS = 3_000;

/** Runs scripts by their digests. One that the server does not know, as after a restart, is sent whole. */
export class Scripts {
  readonly #client: RedisClient;
  readonly #limitMs: number;

  constructor(client: RedisClient, limitMs: number = ANSWER_LIMIT_MS) {
    this.#client = client;
    this.#limitMs = limitMs;
  }

  /** Rejects with what the server or the connection reports, and with ShardError `TIMED_OUT`. */
  run(script: Script, keys: readonly string[], args: readonly (RedisArgument | number)[]): Promise<unknown> {
    return within(this.#limitMs, this.#run(script, keys, args), 'answer of Redis');
  }

  async #run({ sha, text }: Script, keys: readonly string[], args: readonly (RedisArgument | number)[]) {
    const [key = ''] = keys;
    const rest = [String(keys.length), ...keys, ...args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))];
    try {
      return await this.#client.command(key, ['EVALSHA', sha, ...rest]);
    } catch (error) {
      if (!messageOf(error).includes('NOSCRIPT')) throw error;
      return this.#client.command(key, ['EVAL', text, ...rest]);
    }
  }
}
