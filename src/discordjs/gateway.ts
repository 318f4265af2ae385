import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { ShardError, type SendPayload, type ShardManager } from '../index.js';
import { callListeners } from './listenerErrors.js';

/** The gateway that a `Client` of \@discordjs/core works with. */
export interface DispatchGateway {
  /** Number of shards of the bot. Waits until the manager knows it. */
  getShardCount(): Promise<number>;
  /**
   * Adds a listener to `'dispatch'`, the only event. What it throws becomes an unhandled rejection.
   * @throws ShardError `INVALID_OPTION` for another event
   */
  on(event: string, listener: (payload: GatewayDispatchPayload, shardId: number) => unknown): this;
  /** Sends a payload. Rejects as `manager.send` does; a rejection that stays unhandled does not end the process. */
  send(shardId: number, payload: SendPayload): Promise<void>;
}

/**
 * Puts a manager under a `Client` of \@discordjs/core: `new Client({ rest, gateway: shardchartGateway(manager) })`. The
 * manager stays yours: `connect()`, `shutdown()`, its session store and its events are used as without \@discordjs/core.
 */
export function shardchartGateway(manager: ShardManager): DispatchGateway {
  return {
    getShardCount: () => totalOf(manager),
    on(event, listener) {
      if (event !== 'dispatch') throw new ShardError('INVALID_OPTION', unknownEvent, { value: event });
      manager.on('event', (payload, shardId) => callListeners(() => listener(payload, shardId)));
      return this;
    },
    // An op that is newer than this package is the bot's business.
    send: (shardId, payload) => manager.send(shardId, payload, { unchecked: true }),
  };
}

const unknownEvent = 'This gateway emits "dispatch" alone. Use `manager.on` for every other event.';

/** @throws ShardError `CLOSED` where the manager is shut down before it knows the total */
async function totalOf(manager: ShardManager): Promise<number> {
  if (manager.total > 0) return manager.total;
  return new Promise((resolve, reject) => {
    const onEnd = () =>
      reject(new ShardError('CLOSED', 'The manager was shut down before it knew how many shards there are.'));
    if (manager.actor.getSnapshot().status !== 'active') return onEnd();
    manager.once('shard', ({ total }) => resolve(total));
    manager.actor.subscribe({ complete: onEnd });
  });
}
