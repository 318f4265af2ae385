import type { Incident } from '../messages.js';

/** Where on a slider there were incidents. */
export interface Mark {
  /** From 0 to 1 along it. */
  readonly x: number;
  /** From 0 to 1: how many shards the greatest of them met, on a scale on which a single one can still be seen. */
  readonly height: number;
  readonly action: Incident['action'];
}

const LEAST_HEIGHT = 0.25;

/** The marks of a slider that can tell so many places apart: of incidents at the same place the greatest counts. */
export function marksOf(
  incidents: readonly Pick<Incident, 'at' | 'shards' | 'action'>[],
  { from, to }: { readonly from: number; readonly to: number },
  places: number,
): Mark[] {
  const most = incidents.reduce((most, { shards }) => Math.max(most, shards), 1);
  const marks = new Map<number, Mark>();
  for (const { at, shards, action } of incidents) {
    const place = Math.min(places - 1, Math.floor(((at - from) / Math.max(1, to - from)) * places));
    const height = LEAST_HEIGHT + (1 - LEAST_HEIGHT) * Math.sqrt((shards - 1) / Math.max(1, most - 1));
    if (height > (marks.get(place)?.height ?? 0)) marks.set(place, { x: (place + 0.5) / places, height, action });
  }
  return [...marks.values()];
}
