import { refuse } from '../util/options.js';

/**
 * Names of the keys in Redis. All begin with the bot's name in braces, Redis Cluster's hash tag: what one script touches is
 * on one node. `{NAME}:identify…` has the identify queue and the day's identifies, `{NAME}:sessions` the sessions.
 */
export interface FleetKeys {
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

/** @throws ShardError `INVALID_OPTION` */
export function checkFleetName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name)) return;
  refuse('name', name, "a name of letters, digits, '.', '_' and '-', 64 at most: every key in Redis begins with it");
}
