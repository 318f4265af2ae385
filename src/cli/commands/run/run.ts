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
 * `shardchart run`: shards until interrupted. On stdout a table of them where that is a terminal, else their dispatches as
 * lines of JSON; on stderr what they do.
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
  if (inspector !== null) tellOf('inspector', inspector.url, options.json === true);
  await using dashboard = await openDashboard(options, manager, report.logger.warn);
  if (dashboard !== null) tellOf('dashboard', dashboard.url, options.json === true);
  manager.on('transition', (record) => report.transition(record, manager.shards.size));
  if (auditLog !== null) manager.on('shard', (shard) => auditLog.attach(shard));
  if (report.hasDispatches) {
    manager.on('event', ({ t, s, d }, shard) => {
      // READY and RESUMED come in any case; whoever named events wants no others.
      if (events?.includes(t) ?? true) writeJson(process.stdout, { shard, t, s, d });
    });
  }
  const viewer = new FleetViewer({ manager, limiter, reserve, startedAt });
  const look = (): void => report.look(viewer.look());
  onState(manager, look);
  const interrupt = onInterrupt(() => manager.forceClose());
  const failed = connect(manager);
  const looking = setInterval(look, report.everyMs);
  const failure = await Promise.race([interrupt.requested, failed]);
  // Who keeps sessions wants to come back to them.
  await manager.shutdown({ resumable: sessionStore !== null });
  clearInterval(looking);
  look();
  report.end();
  interrupt.dispose();
  return exitCodeOf(failure, (message) => report.log('error', `shardchart: ${message}`));
}

function tellOf(what: 'inspector' | 'dashboard', url: string | null, isJson: boolean): void {
  if (isJson) writeJson(process.stderr, { [what]: url });
  else process.stderr.write(`${what} at ${url}\n`);
}

/** What is worth a line must not have changed again by the time it is looked at; the transition that led there is told first. */
function onState(manager: ShardManager, changed: () => void): void {
  let { state } = manager;
  manager.actor.subscribe(() => {
    if (manager.state === state) return;
    state = manager.state;
    queueMicrotask(changed);
  });
}
