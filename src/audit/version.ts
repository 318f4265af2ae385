/**
 * Version of the audit log's format: the shape of its lines, and the chart that made the decisions in them.
 *
 * Raise it when the lines change, or when the chart decides differently on the same events (an edge, a guard, a table, the
 * back-off): a replay would blame an older log for the difference. test/audit/version.test.ts fails then.
 */
export const AUDIT_VERSION = 3;

/** Says why a record's format cannot be read; null where it can. A record without a version is this process's own. */
export function formatProblem(version: unknown): string | null {
  if (version === undefined || version === AUDIT_VERSION) return null;
  if (!Number.isSafeInteger(version)) return 'its format is not known';
  const age = (version as number) > AUDIT_VERSION ? 'a newer' : 'an older';
  return `format ${String(version)}, written by ${age} shardchart; this one reads format ${AUDIT_VERSION}`;
}
