import { refuse } from '../util/options.js';

/**
 * Names of the keys in Redis. All begin with the fleet's name in braces, Redis Cluster's hash tag: what one script touches is
 * on one node.
 *
 * | key | what |
 * |---|---|
 * | `{NAME}:fleet`, `:leases`, `:workers`, `:owners`, `:held`, `:free` | who is there, and who owns which shard |
 * | `{NAME}:identify:…` | the identify queue and the day's identifies |
 * | `{NAME}:sessions` | sessions of `createRedisSessionStore` |
 * | `{NAME:LAYOUT:SHARD}:shard`, `:events` | a shard's session with its resume point, and its stream |
 */
export interface FleetKeys {
  readonly fleet: string;
  readonly leases: string;
  readonly workers: string;
  readonly owners: string;
  readonly held: string;
  readonly free: string;
  /** Channel that wakes a worker; its name follows. */
  readonly wake: string;
  readonly sessions: string;
  readonly identify: IdentifyKeys;
}

export interface IdentifyKeys {
  readonly state: string;
  readonly queue: string;
  readonly seen: string;
  readonly grants: string;
  readonly recent: string;
  readonly shards: string;
  readonly hours: string;
}

export function keysOf(name: string): FleetKeys {
  const key = (part: string) => `{${name}}:${part}`;
  return {
    fleet: key('fleet'),
    leases: key('leases'),
    workers: key('workers'),
    owners: key('owners'),
    held: key('held'),
    free: key('free'),
    wake: key('wake:'),
    sessions: key('sessions'),
    identify: {
      state: key('identify'),
      queue: key('identify:queue'),
      seen: key('identify:seen'),
      grants: key('identify:grants'),
      recent: key('identify:recent'),
      shards: key('identify:shards'),
      hours: key('identify:hours'),
    },
  };
}

/** Keys of one shard of one layout. Each reshard begins a new layout, whose shards have streams of their own. */
export function shardKeysOf(name: string, layout: number, shardId: number) {
  const tag = `{${name}:${layout}:${shardId}}`;
  return { shard: `${tag}:shard`, events: `${tag}:events` };
}

/** @throws ShardError `INVALID_OPTION` */
export function checkFleetName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name)) return;
  refuse('name', name, "a name of letters, digits, '.', '_' and '-', 64 at most: every key in Redis begins with it");
}
