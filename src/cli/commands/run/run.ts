import { createShardManager, type ShardManager } from '../../../manager/manager.js';
import { createFileSessionStore } from '../../../sessions/fileStore.js';
import { openAuditLog } from '../audit/openAuditLog.js';
import { type DashboardChoice, openDashboard } from '../dashboard/openDashboard.js';
import { tokenFrom } from '../../environment.js';
import { UsageError } from '../../exitCode.js';
import { openInspector, type InspectChoice } from '../../openInspector.js';
import { onInterrupt } from '../../terminal/interrupt.js';
import { writeJson } from '../../terminal/output.js';
import { type BotOptions, connect, exitCodeOf, planBot } from './bot.js';
import { Report } from './report.js';
import { FleetViewer } from './fleetView.js';

/** Options of `shardchart run`, as the command line has them. */
export interface RunOptions extends BotOptions, InspectChoice, DashboardChoice {
  readonly json?: boolean;
  readonly audit?: string;
  readonly sessionFile?: string;
}

/**
 * `shardchart run`: runs shards until interrupted. Stdout shows a table on a terminal, and dispatches as lines of JSON
 * in a pipe; transitions go to stderr.
 */
export async function run(options: RunOptions): Promise<number> {
  const token = tokenFrom(process.env);
  if (token === null) {
    throw new UsageError(
      'DISCORD_TOKEN is not set. Put the bot token into the environment: DISCORD_TOKEN=… shardchart run',
    );
  }
  const { events, reserve = 0 } = options;
  const { settings, limiter } = planBot(token, options);
  const startedAt = Date.now();
  const report = new Report({ isJson: options.json === true, startedAt });
  await using auditLog = openAuditLog(options.audit, report.logger.error);
  await using sessionStore =
    options.sessionFile === undefined ? null : createFileSessionStore(options.sessionFile, { logger: report.logger });

  const manager = createShardManager({
    ...settings,
    ...(sessionStore !== null && { sessionStore }),
    logger: report.logger,
  });
  await using inspector = await openInspector(options, manager, { token, warn: report.logger.warn });
  if (inspector !== null) printUrl('inspector', inspector.url, options.json === true);
  await using dashboard = await openDashboard(options, manager, report.logger.warn);
  if (dashboard !== null) printUrl('dashboard', dashboard.url, options.json === true);
  manager.on('transition', (record) => report.transition(record, manager.shards.size));
  if (auditLog !== null) manager.on('shard', (shard) => auditLog.attach(shard));
  if (report.hasDispatches) {
    manager.on('event', ({ t, s, d }, shard) => {
      // READY and RESUMED are always delivered; `--events` leaves them out unless it names them.
      if (events?.includes(t) ?? true) writeJson(process.stdout, { shard, t, s, d });
    });
  }
  const viewer = new FleetViewer({ manager, limiter, reserve, startedAt });
  const update = (): void => report.update(viewer.read());
  onStateChange(manager, update);
  const interrupt = onInterrupt(() => manager.forceClose());
  const failed = connect(manager);
  const timer = setInterval(update, report.everyMs);
  const failure = await Promise.race([interrupt.requested, failed]);
  // With a session file the next run resumes.
  await manager.shutdown({ resumable: sessionStore !== null });
  clearInterval(timer);
  update();
  report.end();
  interrupt.dispose();
  // The reason is the last line: above a table, or before the ends of other shards, it would be overlooked.
  const isLogged = options.json === true;
  return exitCodeOf(failure, (message) => report.log('error', `shardchart: ${message}`), { isLogged });
}

function printUrl(what: 'inspector' | 'dashboard', url: string | null, isJson: boolean): void {
  if (isJson) writeJson(process.stderr, { [what]: url });
  else process.stderr.write(`${what} at ${url}\n`);
}

/**
 * Calls back at each change of the manager's state. Timers are too slow for short states; the microtask lets the
 * transition be printed first.
 */
function onStateChange(manager: ShardManager, changed: () => void): void {
  let { state } = manager;
  manager.actor.subscribe(() => {
    if (manager.state === state) return;
    state = manager.state;
    queueMicrotask(changed);
  });
}
