import { AuditError } from '../../../audit/index.js';
import { type Dashboard, DashboardError, serveDashboard } from '../../../dashboard/index.js';
import type { Logger } from '../../../util/logger.js';
import type { ShardManager } from '../../../manager/manager.js';
import { UsageError } from '../../exitCode.js';

/** `--dashboard [port]`, as the command line has it. */
export interface DashboardChoice {
  readonly dashboard?: number | true;
}

/**
 * Opens the dashboard of `--dashboard`; null without the option.
 * @throws UsageError where it cannot listen on that port.
 */
export async function openDashboard(
  { dashboard }: DashboardChoice,
  manager: ShardManager,
  warn: (message: string) => void,
): Promise<Dashboard | null> {
  if (dashboard === undefined) return null;
  const port = dashboard === true ? 0 : dashboard;
  return ready(() => serveDashboard(manager, { port, logger: quietBut(warn) }));
}

/**
 * Waits until the dashboard can be opened.
 * @throws UsageError where it cannot.
 */
export async function ready(serve: () => Dashboard | Promise<Dashboard>): Promise<Dashboard> {
  try {
    const dashboard = await serve();
    await dashboard.ready;
    return dashboard;
  } catch (error) {
    if (error instanceof DashboardError || error instanceof AuditError) throw new UsageError(error.message);
    throw error;
  }
}

const quiet = () => {};

/** A logger for warnings only. The command prints errors of the dashboard itself. */
export const quietBut = (warn: (message: string) => void): Logger => ({
  debug: quiet,
  info: quiet,
  warn,
  error: quiet,
});
