export type { Dashboard } from './dashboard.js';
export { DashboardError, type DashboardErrorCode } from './errors.js';
export type { DashboardOptions, FaultySimulator, ServerOptions } from './options.js';
export { serveAuditDashboard } from './playback/serveAuditDashboard.js';
export { serveDashboard } from './serveDashboard.js';
export type { WatchedManager, WatchedShard } from './live/watched.js';
export type * from './messages.js';
