import { type Dashboard, serveAuditDashboard, serveDashboard } from '../../../dashboard/index.js';
import { createShardManager } from '../../../manager/manager.js';
import { createFileSessionStore } from '../../../sessions/fileStore.js';
import { tokenFrom } from '../../environment.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { parseIntents } from '../../parseIntents.js';
import { type Interrupt, onInterrupt } from '../../terminal/interrupt.js';
import { writeJson } from '../../terminal/output.js';
import { type BotOptions, connect, exitCodeOf, isStartFailure, planBot } from '../run/bot.js';
import { warn } from '../../terminal/warn.js';
import { quietBut, ready } from './openDashboard.js';
import { createSimulatedBot } from './simulatedBot.js';

/** Options of `shardchart dashboard`, as the command line has them. */
export interface DashboardCommandOptions extends BotOptions {
  readonly simulator?: boolean;
  readonly audit?: readonly string[];
  readonly sessionFile?: string;
  readonly port?: number;
  readonly host?: string;
  readonly controls?: boolean;
  readonly open?: boolean;
  readonly json?: boolean;
}

const DEFAULT_SIMULATED_SHARDS = 16;

/** The page shows what the shards do; only warnings and errors are printed. */
const shardLogger = { ...quietBut((message) => isStartFailure(message) || warn(message)), error: warn };

/**
 * `shardchart dashboard`: serves the live page for a bot, for simulated shards or for an audit log, until interrupted.
 */
export async function dashboard(options: DashboardCommandOptions): Promise<number> {
  if (options.audit !== undefined) return playLog(options.audit, options);
  if (options.simulator === true) return showSimulated(options);
  const token = tokenFrom(process.env);
  if (token === null) {
    throw new UsageError(
      'Choose what to show: --simulator for simulated shards, --audit FILE for an audit log, or a bot by its token in the ' +
        'environment: DISCORD_TOKEN=… shardchart dashboard',
    );
  }
  return showBot(token, options);
}

async function playLog(files: readonly string[], options: DashboardCommandOptions): Promise<number> {
  refuse(options, '--audit', ['simulator', 'controls', 'shards', ...OF_A_BOT]);
  // No signal handler yet: reading a long log, or a pipe without a writer, must end at the first Ctrl+C.
  await using shown = await ready(() => serveAuditDashboard(files, serverOptions(options)));
  const interrupt = onInterrupt();
  printUrl(shown, options, 'Press Ctrl+C to stop.');
  await staysUntil(interrupt);
  return ExitCode.Fine;
}

async function showSimulated(options: DashboardCommandOptions): Promise<number> {
  refuse(options, '--simulator', OF_A_BOT);
  const { compression, shards = 'auto' } = options;
  const intents = parseIntents(options.intents);
  const count = shards === 'auto' ? DEFAULT_SIMULATED_SHARDS : shards;
  await using bot = await createSimulatedBot(count, { intents, options: { compression }, logger: shardLogger });
  const { manager, simulator } = bot;
  const interrupt = onInterrupt(() => manager.forceClose());
  const settings = { ...serverOptions(options), controls: true, simulator };
  await using shown = await ready(() => serveDashboard(manager, settings));
  printUrl(shown, options, 'Press Ctrl+C to stop.');
  // A fatal fault does not end the command: the viewer asked for it.
  void connect(manager);
  await interrupt.requested;
  interrupt.dispose();
  return ExitCode.Fine;
}

async function showBot(token: string, options: DashboardCommandOptions): Promise<number> {
  const { settings } = planBot(token, options);
  const { sessionFile, controls = false } = options;
  await using sessionStore =
    sessionFile === undefined ? null : createFileSessionStore(sessionFile, { logger: shardLogger });
  const manager = createShardManager({
    ...settings,
    ...(sessionStore !== null && { sessionStore }),
    logger: shardLogger,
  });
  const interrupt = onInterrupt(() => manager.forceClose());
  await using shown = await ready(() => serveDashboard(manager, { ...serverOptions(options), controls }));
  printUrl(shown, options, 'Press Ctrl+C to close the shards and stop.');
  const failure = await Promise.race([interrupt.requested, connect(manager)]);
  // With a session file the next run resumes.
  await manager.shutdown({ resumable: sessionStore !== null });
  interrupt.dispose();
  return exitCodeOf(failure, warn);
}

const serverOptions = ({ port, host, open = false }: DashboardCommandOptions) => ({
  ...(port !== undefined && { port }),
  ...(host !== undefined && { host }),
  autoOpen: open,
  logger: quietBut(warn),
});

function printUrl({ url }: Dashboard, { json }: DashboardCommandOptions, howToEnd: string): void {
  if (json === true) writeJson(process.stdout, { dashboard: url });
  else process.stdout.write(`dashboard at ${url}\n${howToEnd}\n`);
}

/** Resolves at an interrupt. The timer is needed because the server alone keeps no process alive. */
async function staysUntil(interrupt: Interrupt): Promise<void> {
  const staying = setInterval(() => {}, LONG_MS);
  await interrupt.requested;
  clearInterval(staying);
  interrupt.dispose();
}

const LONG_MS = 2 ** 30;

const flags = {
  controls: '--controls',
  ids: '--ids',
  identifyWindow: '--identify-window',
  reserve: '--reserve',
  sessionFile: '--session-file',
  shards: '--shards',
  simulator: '--simulator',
  total: '--total',
  url: '--url',
} as const;
type Flag = keyof typeof flags;

const OF_A_BOT: readonly Flag[] = ['ids', 'total', 'identifyWindow', 'reserve', 'url', 'sessionFile'];

/** @throws UsageError where one of `others` was given as well. */
function refuse(options: DashboardCommandOptions, way: string, others: readonly Flag[]): void {
  const given = others.filter((name) => options[name] !== undefined).map((name) => flags[name]);
  if (given.length > 0) throw new UsageError(`${way} cannot be used with ${given.join(', ')}. Leave one of them out.`);
}
