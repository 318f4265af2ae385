export { AuditError, type AuditErrorCode } from './errors.js';
export { createAuditLog, type AuditGroup, type AuditLog, type AuditSource } from './auditLog.js';
export type { AuditLogOptions, Rotation } from './options.js';
export { readAuditLog, type AuditLogReader, type SkippedLine } from './read.js';
export type { AuditRecord, ReplayRecord } from './record.js';
export { replayAudit, type Divergence, type ReplayResult, type Replayed } from './replay.js';
export { AUDIT_VERSION } from './version.js';
