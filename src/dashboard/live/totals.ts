import type { ManagerSummary } from '../../manager/status.js';
import type { ManagerView, Totals } from '../messages.js';
import type { WatchedShard } from './watched.js';

/** Null without a manager. */
export function managerView(look: ManagerSummary | null): ManagerView | null {
  if (look === null) return null;
  const { waiting, opening, rising, closing } = look.progress;
  return { state: look.state, progress: { waiting, opening, rising, closing } };
}

export function totalsOf(look: ManagerSummary | null, shards: readonly WatchedShard[], rates: Totals['rates']): Totals {
  return { rates, identifies: identifiesOf(look), latency: meanLatency(shards) };
}

function identifiesOf(look: ManagerSummary | null): Totals['identifies'] {
  if (look === null || look.identifies === null) return null;
  const { waiting, nextAt, total, remaining, resetAt } = look.identifies;
  return { waiting, nextAt, total, remaining, resetAt, reserve: look.reserve };
}

function meanLatency(shards: readonly WatchedShard[]): number | null {
  const known = shards.map(({ latency }) => latency).filter((latency) => latency !== null);
  if (known.length === 0) return null;
  return Math.round((10 * known.reduce((sum, latency) => sum + latency, 0)) / known.length) / 10;
}
