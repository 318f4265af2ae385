import { type Dashboard, serveAuditDashboard, serveDashboard } from '../../../dashboard/index.js';
import { createShardManager } from '../../../manager/manager.js';
import { createFileSessionStore } from '../../../sessions/fileStore.js';
import { tokenFrom } from '../../environment.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { parseIntents } from '../../parseIntents.js';
import { type Interrupt, onInterrupt } from '../../terminal/interrupt.js';
import { writeJson } from '../../terminal/output.js';
import { type BotOptions, connect, exitCodeOf, planBot } from '../run/bot.js';
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

/** What the shards do is on the page. */
const shardLogger = { ...quietBut(warn), error: warn };

/** `shardchart dashboard`: the live page on a bot, on simulated shards, or on an audit log, until interrupted. */
export async function dashboard(options: DashboardCommandOptions): Promise<number> {
  if (options.audit !== undefined) return playLog(options.audit, options);
  if (options.simulator === true) return showSimulated(options);
  const token = tokenFrom(process.env);
  if (token === null) {
    throw new UsageError(
      'Say what to show: --simulator for simulated shards, --audit FILE to play an audit log, or a bot, whose token is put ' +
        'into the environment: DISCORD_TOKEN=… shardchart dashboard',
    );
  }
  return showBot(token, options);
}

async function playLog(files: readonly string[], options: DashboardCommandOptions): Promise<number> {
  refuse(options, '--audit', ['simulator', 'controls', 'shards', ...OF_A_BOT]);
  // A log may be long, and a pipe one nobody writes: until it is read there is nothing to end, and the signal may kill.
  await using shown = await ready(() => serveAuditDashboard(files, serverOptions(options)));
  const interrupt = onInterrupt();
  tell(shown, options, 'Ctrl+C ends it.');
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
  tell(shown, options, 'Ctrl+C ends it.');
  // A shard a fault has ended for good is what somebody wanted to see.
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
  tell(shown, options, 'Ctrl+C closes the shards and ends it.');
  const failure = await Promise.race([interrupt.requested, connect(manager)]);
  // Who keeps sessions wants to come back to them.
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

function tell({ url }: Dashboard, { json }: DashboardCommandOptions, howToEnd: string): void {
  if (json === true) writeJson(process.stdout, { dashboard: url });
  else process.stdout.write(`dashboard at ${url}\n${howToEnd}\n`);
}

/** The server alone keeps no process alive. */
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
  reserve: '--reserve',
  sessionFile: '--session-file',
  shards: '--shards',
  simulator: '--simulator',
  total: '--total',
  url: '--url',
} as const;
type Flag = keyof typeof flags;

const OF_A_BOT: readonly Flag[] = ['ids', 'total', 'reserve', 'url', 'sessionFile'];

/** @throws UsageError where one of these was given too. */
function refuse(options: DashboardCommandOptions, way: string, others: readonly Flag[]): void {
  const given = others.filter((name) => options[name] !== undefined).map((name) => flags[name]);
  if (given.length > 0) throw new UsageError(`${way} does not go with ${given.join(', ')}. Leave out either.`);
}
