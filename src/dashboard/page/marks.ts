import type { Incident } from '../messages.js';

/** A mark on the slider. */
export interface Mark {
  /** Position from 0 to 1. */
  readonly x: number;
  /** Height from 0 to 1, for the number of shards of the largest incident there; a single shard is still visible. */
  readonly height: number;
  readonly action: Incident['action'];
}

const LEAST_HEIGHT = 0.25;

/** Marks for a slider with this many places. At each place the largest incident counts. */
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
