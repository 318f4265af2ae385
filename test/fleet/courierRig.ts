import { Courier } from '../../src/fleet/commands/courier.js';
import { Inbox } from '../../src/fleet/commands/inbox.js';
import type { Message } from '../../src/fleet/commands/messages.js';
import { keysOf } from '../../src/fleet/keys.js';
import { openRedis } from '../../src/fleet/redis/openRedis.js';
import type { RedisTarget } from '../../src/fleet/redis/redisClient.js';
import { Scripts } from '../../src/fleet/redis/script.js';

type Run = (name: string, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>;

export interface StationOptions {
  readonly redis: RedisTarget;
  /** Name of the fleet. */
  readonly name: string;
  readonly worker: string;
  readonly instance?: string;
  /** Runs what other workers ask for. Default: answers with the name and the arguments. */
  readonly run?: Run;
  /** False for a worker that reads nothing: it has died, or is paused. Default true. */
  readonly reads?: boolean;
  /** Messages that are taken out of the inbox and never arrive. */
  readonly loses?: (message: Message) => boolean;
}

/** The courier and the inbox of one worker, without the worker. */
export async function station({ redis, name, worker, instance = 'abc', run, reads = true, loses }: StationOptions) {
  const client = await openRedis(redis, () => {});
  const scripts = new Scripts(client);
  const keys = keysOf(name);
  const owner = `${worker}/${instance}`;
  const ran: { name: string; args: readonly unknown[] }[] = [];
  const received: Message[] = [];
  let wakes = 0;
  const courier = new Courier({
    scripts: () => scripts,
    keys,
    owner,
    run: async (command, args, signal) => {
      ran.push({ name: command, args });
      return run === undefined ? { name: command, args } : run(command, args, signal);
    },
    onWake: () => void (wakes += 1),
  });
  const onMessage = (message: Message) => {
    received.push(message);
    if (loses?.(message) !== true) courier.onMessage(message);
  };
  const inbox = reads ? new Inbox({ client: client.duplicate(() => {}), key: keys.inbox(worker), onMessage }) : null;
  return {
    courier,
    owner,
    /** Commands of others that were run, in order. */
    ran,
    received,
    inboxKey: keys.inbox(worker),
    get wakes() {
      return wakes;
    },
    async [Symbol.asyncDispose]() {
      courier.close(new Error('The test is over.'));
      inbox?.stop();
      client.close();
      await Promise.resolve();
    },
  };
}
