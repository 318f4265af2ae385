import { serveSource, warnTo, type Dashboard } from './dashboard.js';
import { checkControls, CONTROL_OPTIONS, resolveServerOptions, type DashboardOptions } from './options.js';
import { LiveSource } from './live/liveSource.js';
import { checkWatched, type WatchedManager, type WatchedShard } from './live/watched.js';

/**
 * Serves a live page on a shard, or on the shards of a manager: what each does now, what it did before, and why. The
 * page contains no token, no payload and no whole session id. The server does not keep the process alive, and costs
 * next to nothing without viewers.
 * @throws ShardError `INVALID_OPTION`; `ready` rejects with a DashboardError
 */
export function serveDashboard(source: WatchedShard | WatchedManager, options: DashboardOptions = {}): Dashboard {
  checkWatched(source);
  const resolved = resolveServerOptions(options, CONTROL_OPTIONS);
  checkControls(options);
  const { controls = false, simulator } = options;
  const live = new LiveSource(source, { hasControls: controls, simulator, warn: warnTo(resolved) });
  return serveSource(live, resolved);
}
