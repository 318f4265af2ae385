import type { ManagerSummary } from '../../manager/status.js';
import type { ManagerView, Totals } from '../messages.js';
import type { WatchedShard } from './watched.js';

/** Null without a manager. */
export function managerView(summary: ManagerSummary | null): ManagerView | null {
  if (summary === null) return null;
  const { waiting, opening, rising, closing } = summary.progress;
  return { state: summary.state, progress: { waiting, opening, rising, closing } };
}

export function totalsOf(
  summary: ManagerSummary | null,
  shards: readonly WatchedShard[],
  rates: Totals['rates'],
): Totals {
  return { rates, identifies: identifiesOf(summary), latency: meanLatency(shards) };
}

function identifiesOf(summary: ManagerSummary | null): Totals['identifies'] {
  if (summary === null || summary.identifies === null) return null;
  const { waiting, nextAt, total, remaining, resetAt } = summary.identifies;
  return { waiting, nextAt, total, remaining, resetAt, reserve: summary.reserve };
}

function meanLatency(shards: readonly WatchedShard[]): number | null {
  const known = shards.map(({ latency }) => latency).filter((latency) => latency !== null);
  if (known.length === 0) return null;
  return Math.round((10 * known.reduce((sum, latency) => sum + latency, 0)) / known.length) / 10;
}
