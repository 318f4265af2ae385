import { serveSource, warnTo, type Dashboard } from './dashboard.js';
import { checkControls, resolveServerOptions, type DashboardOptions } from './options.js';
import { LiveSource } from './live/liveSource.js';
import { checkWatched, type WatchedManager, type WatchedShard } from './live/watched.js';

/**
 * Serves a live page on a shard, or the shards of a manager: what each does now and did before, and why. Nothing that is
 * told holds a token, a payload or a whole session id. It keeps no process alive, and does next to nothing while nobody looks.
 * @throws ShardError `INVALID_OPTION`
 */
export function serveDashboard(source: WatchedShard | WatchedManager, options: DashboardOptions = {}): Dashboard {
  checkWatched(source);
  const resolved = resolveServerOptions(options);
  checkControls(options);
  const { controls = false, simulator } = options;
  const live = new LiveSource(source, { hasControls: controls, simulator, warn: warnTo(resolved) });
  return serveSource(live, resolved);
}
