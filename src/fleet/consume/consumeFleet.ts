import { randomUUID } from 'node:crypto';
import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import { warn } from '../../util/logger.js';
import { checkNames, checkObject, namesOf, refuse, whole } from '../../util/options.js';
import { checkFleetName, keysOf } from '../keys.js';
import { checkRedis, openRedis } from '../redis/openRedis.js';
import type { RedisTarget } from '../redis/redisClient.js';
import { Scripts } from '../redis/script.js';
import { Consumer } from './consumer.js';
import { GroupMember } from './groupMember.js';

/** Options of {@link consumeFleet}. */
export interface ConsumeFleetOptions {
  /** A URL (`redis://`, `rediss://`, `unix://`), or a connected client of `redis`, `@redis/client` or `ioredis`. */
  redis: RedisTarget;
  /** Name of the fleet. */
  name: string;
  /** Name of the consumer group: each group gets every event, and its consumers share them. */
  group: string;
  /** Name of this consumer in its group. */
  consumer: string;
  /** Types of events, such as `MESSAGE_CREATE`; the others are acknowledged unseen. Default: all. */
  events?: readonly string[];
  /** Where a new group begins: at what is published from now on (`new`, the default), or at the oldest event that is kept. */
  from?: 'new' | 'start';
  /** Milliseconds after which a consumer that was not heard of is gone: its streams go to others. Default 10 000. */
  idle?: number;
  /** Ends the iteration at once: the loop throws the signal's reason. */
  signal?: AbortSignal;
  /** Receives what the connection reports, once an outage. Default: a warning of the process. */
  onError?: (message: string) => void;
}

/** An event of a fleet, as a consumer gets it. */
export interface FleetEvent {
  readonly shardId: number;
  readonly payload: GatewayDispatchPayload;
  /** The text as the gateway sent it. */
  readonly raw: string;
  /** Mark of the gateway session; it changes with each new session of the shard. */
  readonly session: string;
  /** `payload.s`. With `shardId` and `session` it names the event. */
  readonly sequence: number;
  /**
   * Says that the event is done: it is not handed out again. Resolves when Redis has it, after an outage too. Rejects with
   * ShardError `CLOSED` where the consumer ended before; a rejection that stays unhandled does not end the process.
   */
  readonly ack: () => Promise<void>;
}

/** Events of a fleet. Ends with `return()`, `break` or the signal; the streams go to other consumers of the group at once. */
export interface FleetEventStream extends AsyncIterableIterator<FleetEvent, undefined>, AsyncDisposable {
  next(): Promise<IteratorResult<FleetEvent, undefined>>;
  return(): Promise<IteratorResult<FleetEvent, undefined>>;
  [Symbol.asyncIterator](): FleetEventStream;
}

const OPTIONS = namesOf<ConsumeFleetOptions>()({
  redis: true,
  name: true,
  group: true,
  consumer: true,
  events: true,
  from: true,
  idle: true,
  signal: true,
  onError: true,
});

/**
 * Consumes the events that a fleet publishes to Redis, as one consumer of a group. A shard's events come in order, and to one
 * consumer of the group at a time. At most 1 000 events wait for `ack()`; those that a consumer had not acknowledged when it
 * died come again, to another. It may start before the fleet, and goes on through an outage of Redis.
 * @throws ShardError `INVALID_OPTION`
 */
export function consumeFleet(options: ConsumeFleetOptions): FleetEventStream {
  checkObject('options', options, "{ redis, name: 'my-bot', group: 'web', consumer: 'web-1' }");
  checkNames('consumeFleet', options, OPTIONS);
  const { redis, name, group, consumer, events, from = 'new', idle = 10_000, signal, onError = warn } = options;
  checkRedis(redis);
  checkFleetName(name);
  checkWord('group', group);
  checkWord('consumer', consumer);
  if (events !== undefined && !(Array.isArray(events) && events.every((type) => /^[A-Z_]+$/.test(String(type))))) {
    refuse('events', events, "a list of event types such as ['MESSAGE_CREATE']");
  }
  if (from !== 'new' && from !== 'start') refuse('from', from, "'new' or 'start'");
  whole('idle', idle, { min: 1_000, meaning: 'in milliseconds' });
  const keys = keysOf(name);
  const opened = openRedis(redis, onError).then((client) => {
    const member = new GroupMember({
      scripts: new Scripts(client),
      keys,
      group,
      member: `${consumer}/${randomUUID().slice(0, 8)}`,
      ttlMs: idle,
      begin: from === 'new' ? '$' : '0',
    });
    return { client, member };
  });
  const wanted = events === undefined ? null : new Set(events);
  return new Consumer({ opened, keys, group, consumer, events: wanted, idleMs: idle, signal });
}

function checkWord(option: 'group' | 'consumer', value: unknown): void {
  if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return;
  refuse(option, value, "a name of letters, digits, '.', '_' and '-', 64 at most");
}
