import { createInterface } from 'node:readline';
import { createGatewaySimulator, type GatewaySimulator } from '../../simulator/index.js';
import { ExitCode } from '../exitCode.js';
import { showTime } from '../terminal/format.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { createOutput, type Output, writeJson } from '../terminal/output.js';
import { describe, type SimulatorEvent, SimulatorEvents } from '../simulatorLog.js';
import { applyFault, faultNames } from '../applyFault.js';
import { guildsFor } from '../sampleGuilds.js';

/** Options of `shardchart simulate`, as the command line has them. */
export interface SimulateOptions {
  readonly port?: number;
  readonly heartbeatInterval?: number;
  readonly identifyWindow?: number;
  readonly maxConcurrency?: number;
  readonly shards?: number;
  readonly dispatchEvery?: number;
  readonly interactive?: boolean;
  readonly json?: boolean;
}

/** Entries kept in the simulator's log. They are printed at once, so few are needed. */
const KEPT_ENTRIES = 1_000;
const PRINT_EVERY_MS = 50;

/** `shardchart simulate`: runs a local gateway for any bot and prints what happens on it, until interrupted. */
export async function simulate(options: SimulateOptions): Promise<number> {
  const { dispatchEvery, interactive, json, ...settings } = options;
  const simulator = await createGatewaySimulator({
    ...settings,
    guilds: guildsFor(settings.shards ?? 1),
    record: false,
    maxFrames: KEPT_ENTRIES,
  });
  const interrupt = onInterrupt();
  const output = createOutput(process.stdout);
  const startedAt = Date.now();
  const events = new SimulatorEvents(simulator);
  const printNew = (): void => {
    for (const event of events.take()) {
      if (json === true) writeJson(process.stdout, event);
      else printEvent(output, event, startedAt);
    }
  };

  const { url, apiUrl } = simulator;
  if (json === true) writeJson(process.stdout, { kind: 'listening', at: startedAt, url, apiUrl });
  else printWelcome(output, simulator, interactive === true);
  const timers = [setInterval(printNew, PRINT_EVERY_MS)];
  if (dispatchEvery !== undefined) timers.push(startDispatching(simulator, dispatchEvery));
  const faults = interactive === true ? readFaults(simulator, json === true ? null : output) : null;

  await interrupt.requested;
  timers.forEach((timer) => clearInterval(timer));
  faults?.close();
  printNew();
  await simulator.close();
  interrupt.dispose();
  return ExitCode.Fine;
}

/** Sends a message in every guild; there is one guild a shard. */
function startDispatching(simulator: GatewaySimulator, everyMs: number): NodeJS.Timeout {
  let n = 0;
  return setInterval(() => {
    n += 1;
    for (const { id } of simulator.guilds)
      simulator.dispatchToGuild('MESSAGE_CREATE', simulator.message({ guild_id: id, content: `message ${n}` }));
  }, everyMs);
}

/** `terminal: false` leaves Ctrl+C a signal, and the terminal's modes alone. */
function readFaults(simulator: GatewaySimulator, output: Output | null) {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on('line', (line) => {
    const answer = applyFault(simulator, line);
    if (answer !== null) (output ?? createOutput(process.stderr)).line(`         ${answer}`);
  });
  return lines;
}

function printEvent({ colors, line }: Output, event: SimulatorEvent, startedAt: number): void {
  const { who, what, isViolation } = describe(event);
  const text = isViolation ? colors.bold(colors.yellow(what)) : what;
  line(`${colors.dim(showTime(event.at - startedAt))}  ${who.padEnd(24)}  ${text}`);
}

function printWelcome(
  { colors, line }: Output,
  { url, apiUrl, apiBase }: GatewaySimulator,
  isInteractive: boolean,
): void {
  line(`${colors.bold('gateway')}  ${url}`);
  line(`${colors.bold('api')}      ${apiUrl}`);
  line();
  line('Connect a bot; any token works:');
  line(`  shardchart run   DISCORD_TOKEN=any SHARDCHART_API_URL=${apiUrl} npx shardchart run --shards auto`);
  line(`  shardchart       createShard({ url: '${url}', token: 'any', intents: 0 })`);
  line(`  discord.js       new Client({ rest: { api: '${apiBase}' }, intents: [] })`);
  line();
  if (isInteractive)
    line(`Type a fault, with a shard id to apply it to that shard only: ${faultNames.join(', ')}. Or type help.`);
  line('Press Ctrl+C to stop.');
  line();
}
