import { refuse } from '../util/options.js';

/**
 * Names of the keys in Redis. All begin with the bot's name in braces, Redis Cluster's hash tag: what one script touches is
 * on one node. `{NAME}:identify…` has the identify queue and the day's identifies, `{NAME}:sessions` the sessions.
 */
export interface FleetKeys {
  /** Hash: layout, total, nextLayout, nextTotal, cutoverAt, epoch, lastBeat, graceUntil, moving, movingUntil. */
  readonly fleet: string;
  /** Hash: worker -> JSON. */
  readonly workers: string;
  /** Sorted set: worker -> end of its lease. */
  readonly leases: string;
  /** Hash: ShardKey -> `OWNER EPOCH`; the owner of a released shard is `-`. */
  readonly owners: string;
  /** Hash: ShardKey -> epoch in which it was last reported as Connected. */
  readonly up: string;
  /** Hash: ShardKey -> the session as JSON. */
  readonly sessions: string;
  /** Hash: ShardKey -> `GENERATION SEQUENCE MARK` of the last published event. */
  readonly positions: string;
  /** List: messages to a worker. */
  readonly inbox: (worker: string) => string;
  /** Stream: a shard's events. */
  readonly stream: (shardKey: string) => string;
  /** Hash of a consumer group: layouts, and ShardKey -> the member that reads its stream. */
  readonly group: (group: string) => string;
  /** Sorted set: member of a consumer group -> end of its lease. */
  readonly members: (group: string) => string;
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
    workers: key('workers'),
    leases: key('leases'),
    owners: key('owners'),
    up: key('up'),
    sessions: key('sessions'),
    positions: key('positions'),
    inbox: (worker) => key(`inbox:${worker}`),
    stream: (shardKey) => key(`stream:${shardKey}`),
    group: (group) => key(`group:${group}`),
    members: (group) => key(`group:${group}:members`),
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

/** @throws ShardError `INVALID_OPTION` */
export function checkFleetName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name)) return;
  refuse('name', name, "a name of letters, digits, '.', '_' and '-', 64 at most: every key in Redis begins with it");
}
