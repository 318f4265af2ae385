import type { Incident } from '../messages.js';
import { describeCause, many, showCount, showDuration } from './words.js';

/** Names of decisions. */
export const actionNames: Readonly<Record<Incident['action'], string>> = {
  resume: 'resume',
  identify: 'identify',
  fatal: 'fatal',
  close: 'close',
};

/** Shards of an incident: `shard 7`, `14 shards`; with a count where one was met repeatedly: `shard 7, 400 times`. */
export function describeShards({ shards, ids, times }: Incident): string {
  const who = shards === 1 && ids[0] !== undefined ? `shard ${ids[0]}` : many(shards, 'shard');
  return times > shards ? `${who}, ${showCount(times)} times` : who;
}

/** Outcome of an incident, or its state now: `all up after 4.2 s`, `3 still down`, `Offline after 30 s`. */
export function describeOutcome({ action, shards, down, lost, downAt, endedAt }: Incident): string {
  const isFatal = action === 'fatal';
  const still = isFatal ? 'down for good' : 'still down';
  if (endedAt === null) return shards === 1 ? still : `${showCount(down)} ${still}`;
  const after = `after ${showDuration(endedAt - downAt)}`;
  if (isFatal) return shards === 1 ? `gone ${after}` : `all gone ${after}`;
  if (lost === 0) return shards === 1 ? `up ${after}` : `all up ${after}`;
  if (lost < shards) return `${showCount(lost)} Offline, the others up ${after}`;
  return shards === 1 ? `Offline ${after}` : `all Offline ${after}`;
}

/** An incident in one line, for a tooltip. */
export function describeIncident(incident: Incident): string {
  return `${describeShards(incident)}: ${describeCause(incident)}; ${describeOutcome(incident)}`;
}
