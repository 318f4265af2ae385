import type { Incident } from '../messages.js';

/** How many incidents are shown: as many as a live server remembers. */
const KEPT_INCIDENTS = 200;

/** Of these, oldest first, the last ones, and before them those that still keep shards down. As the server forgets them. */
export function mostTelling<T extends Pick<Incident, 'endedAt'>>(incidents: readonly T[]): readonly T[] {
  let surplus = incidents.length - KEPT_INCIDENTS;
  if (surplus <= 0) return incidents;
  const kept = incidents.filter(({ endedAt }) => endedAt === null || surplus-- <= 0);
  return kept.slice(-KEPT_INCIDENTS);
}
