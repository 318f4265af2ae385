import type { AuditRecord } from '../../audit/record.js';

/** Whether a shard has done nothing before this record: what the log has of it from before is another shard's life. */
export function isNewborn({ start }: AuditRecord): boolean {
  if (start === undefined) return false;
  const { context, value } = start;
  return context.lastDecision === null && context.attempts === 0 && JSON.stringify(value) === '{"Offline":"idle"}';
}

/** Whether a process begins with this record. The first of a rotated file is no such one: its shards live already. */
export function startsProcess(record: AuditRecord): boolean {
  return record.n === 1 && isNewborn(record);
}
