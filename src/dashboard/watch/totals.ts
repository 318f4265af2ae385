import type { ManagerStatus } from '../../manager/status.js';
import type { ManagerView, Totals } from '../protocol.js';
import type { WatchedShard } from './watched.js';

/** Null where there is no manager. */
export function managerView(status: ManagerStatus | null): ManagerView | null {
  if (status === null) return null;
  const { waiting, opening, rising, closing } = status.progress;
  return { state: status.state, progress: { waiting, opening, rising, closing } };
}

export function totalsOf(
  status: ManagerStatus | null,
  shards: readonly WatchedShard[],
  rates: Totals['rates'],
): Totals {
  return { rates, identifies: identifiesOf(status), latency: meanLatency(shards) };
}

function identifiesOf(status: ManagerStatus | null): Totals['identifies'] {
  if (status === null || status.identifies === null) return null;
  const { waiting, nextAt, total, remaining, resetAt } = status.identifies;
  return { waiting, nextAt, total, remaining, resetAt };
}

function meanLatency(shards: readonly WatchedShard[]): number | null {
  const known = shards.map(({ latency }) => latency).filter((latency) => latency !== null);
  if (known.length === 0) return null;
  return Math.round((10 * known.reduce((sum, latency) => sum + latency, 0)) / known.length) / 10;
}
