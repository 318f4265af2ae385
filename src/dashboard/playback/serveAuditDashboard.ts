import { readAuditLog } from '../../audit/index.js';
import { inOrder } from '../../audit/order.js';
import { handled } from '../../util/handled.js';
import { refuse } from '../../util/options.js';
import { serveSource, warnTo, type Dashboard } from '../dashboard.js';
import { DashboardError } from '../errors.js';
import { resolveServerOptions, type ServerOptions } from '../options.js';
import { describePassedOver, readEntries } from './entries.js';
import { AuditLogSource } from './auditLogSource.js';
import { foldLog } from './foldLog.js';

/**
 * Serves a page that plays an audit log, or several logs as one: rotated files, or logs of several processes. Reads the
 * log once, and resolves when the page can be opened. Lines that are left out are reported to the logger.
 * @throws ShardError `INVALID_OPTION`; AuditError `NOT_FOUND`, `CANNOT_READ`; DashboardError `CANNOT_LOAD` for a log
 * without records, `PORT_IN_USE`, `CANNOT_LISTEN`
 */
export function serveAuditDashboard(
  files: string | readonly string[],
  options: ServerOptions = {},
): Promise<Dashboard> {
  return handled(serve(files, options));
}

async function serve(files: string | readonly string[], options: ServerOptions): Promise<Dashboard> {
  const named = typeof files === 'string' ? [files] : files;
  if (!Array.isArray(named) || named.length === 0 || named.some((file) => typeof file !== 'string')) {
    refuse('files', files, 'the path of an audit log, or an array of them');
  }
  const resolved = resolveServerOptions(options);
  const ordered = await inOrder(named);
  const reader = readAuditLog(ordered);
  const entries = await readEntries(reader);
  const passedOver = describePassedOver(reader);
  if (entries.length === 0) {
    const message = `There are no records in ${named.join(', ')}${passedOver === null ? '' : ` (${passedOver})`}: check that it is an audit log.`;
    throw new DashboardError('CANNOT_LOAD', message, { value: files });
  }
  if (passedOver !== null) warnTo(resolved)(passedOver);
  const source = new AuditLogSource(foldLog(entries), { files: ordered, skipped: reader.skippedCount });
  const dashboard = serveSource(source, resolved);
  await dashboard.ready;
  return dashboard;
}
