import type { Incident } from '../protocol.js';
import { describeCause, many, showCount, showDuration } from './words.js';

/** What was decided, in a word that fits every number of shards. */
export const actionNames: Readonly<Record<Incident['action'], string>> = {
  resume: 'resumed',
  identify: 'identified',
  fatal: 'fatal',
  close: 'closed',
};

/** Which shards: `shard 7`, `14 shards`. */
export function describeShards({ shards, ids }: Incident): string {
  return shards === 1 && ids[0] !== undefined ? `shard ${ids[0]}` : many(shards, 'shard');
}

/** How it ended, or how it stands: `all up after 4.2 s`, `3 still down`. */
export function describeOutcome({ action, at, shards, down, endedAt }: Incident): string {
  if (action === 'fatal') return shards === 1 ? 'down for good' : `${showCount(shards)} down for good`;
  if (endedAt === null) return shards === 1 ? 'still down' : `${showCount(down)} still down`;
  return `${shards === 1 ? 'up' : 'all up'} after ${showDuration(endedAt - at)}`;
}

/** One line for whoever points at it. */
export function describeIncident(incident: Incident): string {
  return `${describeShards(incident)}: ${describeCause(incident)}; ${describeOutcome(incident)}`;
}
