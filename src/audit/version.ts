/**
 * The format of the audit log: the shape of its lines and the chart that decided what they say.
 *
 * Raise it when the lines change, or when the chart would decide otherwise than before on the same events (an edge, a
 * guard, a table, the back-off): a replay of an older log would blame the log for it. test/audit/version.test.ts notices.
 */
export const AUDIT_VERSION = 1;

/** What to say of a record of another format, or null: one without a version is this process's own. */
export function strangerTo(version: unknown): string | null {
  if (version === undefined || version === AUDIT_VERSION) return null;
  if (!Number.isSafeInteger(version)) return 'its format is not known';
  const age = (version as number) > AUDIT_VERSION ? 'a newer' : 'an older';
  return `format ${String(version)}, written by ${age} shardchart; this one reads format ${AUDIT_VERSION}`;
}
