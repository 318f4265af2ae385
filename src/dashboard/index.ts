export type { Dashboard } from './dashboard.js';
export { DashboardError, type DashboardErrorCode } from './errors.js';
export type { DashboardOptions, FaultySimulator, ServerOptions } from './options.js';
export { serveAuditDashboard } from './audit/serve.js';
export { serveDashboard } from './serve.js';
export type { WatchedManager, WatchedShard } from './watch/watched.js';
export type * from './protocol.js';
