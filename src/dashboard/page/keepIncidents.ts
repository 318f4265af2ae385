import type { Incident } from '../messages.js';

/** Number of incidents to show; a live server keeps as many. */
const KEPT_INCIDENTS = 200;

/** Keeps the latest incidents, and drops those that have ended first, as the server does. */
export function keepIncidents<T extends Pick<Incident, 'endedAt'>>(incidents: readonly T[]): readonly T[] {
  let surplus = incidents.length - KEPT_INCIDENTS;
  if (surplus <= 0) return incidents;
  const kept = incidents.filter(({ endedAt }) => endedAt === null || surplus-- <= 0);
  return kept.slice(-KEPT_INCIDENTS);
}
