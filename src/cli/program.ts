import { Command, InvalidArgumentError, Option } from 'commander';
import { audit, type AuditOptions } from './commands/audit/audit.js';
import { timeSyntax } from './commands/audit/time.js';
import { dashboard, type DashboardCommandOptions } from './commands/dashboard/dashboard.js';
import { demo, type DemoOptions } from './commands/demo/demo.js';
import {
  fleetDashboard,
  fleetDrain,
  fleetReshard,
  fleetStatus,
  type FleetChoice,
  type PageOptions,
  type StatusOptions,
} from './commands/fleet/remote.js';
import { fleetWorker, type FleetWorkerOptions } from './commands/fleet/worker.js';
import { init, type InitOptions } from './commands/init/init.js';
import { run, type RunOptions } from './commands/run/run.js';
import { simulate, type SimulateOptions } from './commands/simulate.js';
import { readManifest } from './manifest.js';

const exitCodes = `
Exit codes:
  0    success
  1    failure: the gateway or its API refused the bot or could not be reached,
       an expectation of the demo was not met, an audit log does not verify
  2    wrong use: an invalid option, no token, a file that does not exist
  130  ended by a second Ctrl+C, or by the first during the demo's story`;

/** End of a command's help: what all commands share is in the general help. */
const shared = `
Exit codes: 0 success, 1 failure, 2 wrong use, 130 interrupted twice.
shardchart --help says more about them, and lists the environment variables.`;

const runExamples = `
Examples:
  DISCORD_TOKEN=… npx shardchart run --intents Guilds,GuildMessages
  DISCORD_TOKEN=… npx shardchart run --shards auto --session-file sessions.json
  DISCORD_TOKEN=… npx shardchart run --events MESSAGE_CREATE | jq .d.content`;

const simulateExamples = `
Examples:
  npx shardchart simulate --shards 16 --max-concurrency 4 --interactive
  npx shardchart simulate --dispatch-every 500`;

const environment = `
Environment:
  DISCORD_TOKEN           the bot's token. There is no option for it, because
                          other users of this machine can read arguments
  SHARDCHART_GATEWAY_URL  gateway to connect to instead of Discord's
  SHARDCHART_REDIS_URL    Redis of a fleet (default: redis://127.0.0.1:6379)
  SHARDCHART_API_URL      HTTP API to ask for the gateway and its limits
                          (default: https://discord.com/api/v10). Not asked
                          where only a gateway URL is given
  NO_COLOR, FORCE_COLOR   never use colour, always use colour`;

const auditHelp = `
Times:
  ${timeSyntax}.
  A time without a zone is local, or UTC with --utc.

Totals:
  A state that began before --since counts from --since on. Time ends with the
  last record of the log. With --until it ends then, and the last states are
  taken to have lasted until then: use --until now for a bot that still runs.
  --state limits the records that are counted and the times that are shown.

JSON:
  A line for each record, as in the log, then a line {"totals":{…}}. Times are
  in milliseconds. With --verify one line: {"ok":true,"records","shards"} or
  {"ok":false,"index","record","expected","found","reason","file","line"}.
    shardchart audit bot.log --json | jq 'select(.decision.action == "fatal")'
    shardchart audit bot.log --json --totals | jq '.totals.stateMs.Connected'`;

/** Builds the command line. A command calls `ended` with its exit code. */
export function createProgram(ended: (exitCode: number) => void): Command {
  const program = new Command('shardchart')
    .description('A Discord gateway client whose shards are explicit statecharts.')
    .version(readManifest().version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(--help lists the commands and options)')
    .addHelpText('after', environment + '\n' + exitCodes);

  program
    .command('demo')
    .description(
      'Walk two shards on a simulated gateway through a drop, a zombie, an invalid session, a reconnect, a corrupt ' +
        'stream and a fatal close, and check each step. With DISCORD_TOKEN set, show one shard on Discord for 20 s.',
    )
    .option('--audit <file>', 'append the transitions of the shards to this audit log')
    .option(...inspectOption)
    .addHelpText('after', shared)
    .action(async (options: DemoOptions) => ended(await demo(options)));

  program
    .command('init')
    .description('Write a bot that answers /ping and !ping, with tests on the simulator, into a new or empty folder.')
    .argument('[dir]', 'folder to write to', '.')
    .option('--ts', 'write it in TypeScript')
    .addHelpText('after', shared)
    .action((directory: string, options: InitOptions) => ended(init(directory, options)));

  withBotOptions(program.command('run'))
    .description(
      'Run shards until Ctrl+C. On a terminal stdout shows a live table of them. In a pipe, or with --json, it has a line ' +
        'of JSON for each dispatch: {"shard","t","s","d"}. Transitions and warnings go to stderr. The token comes from ' +
        'DISCORD_TOKEN.',
    )
    .option('--events <names>', 'write only these dispatches, as in MESSAGE_CREATE,GUILD_CREATE', names)
    .option('--json', 'write lines of JSON to stderr too, and show no table')
    .option('--audit <file>', 'append the transitions of the shards to this audit log')
    .option(...inspectOption)
    .option('--dashboard [port]', 'serve the live page on this port of 127.0.0.1 (default: a free one)', port)
    .addHelpText('after', runExamples + '\n' + shared)
    .action(async (options: RunOptions) => ended(await run(options)));

  addFleet(program, ended);

  withBotOptions(
    program
      .command('dashboard')
      .description(
        'Serve a live page of shards until Ctrl+C: the shards of a bot, whose token comes from DISCORD_TOKEN; with ' +
          '--simulator simulated shards, with a button for each fault; with --audit FILE the shards of an audit log, played back.',
      )
      .option('--simulator', 'show shards on a simulated gateway instead of a bot (16, or --shards)')
      .option(
        '--audit <files...>',
        'play back these audit logs; rotated logs and logs of several processes play as one',
      ),
  )
    .option('--port <port>', 'port to listen on (default: a free one)', port)
    .option(
      '--host <host>',
      'address to listen on (default: 127.0.0.1); any other requires the token in the printed URL',
    )
    .option('--controls', 'let viewers connect, reconnect and close shards (always on with --simulator)')
    .option('--open', 'open the page in the browser')
    .option('--json', 'print the URL as {"dashboard": url}')
    .addHelpText('after', shared)
    .action(async (options: DashboardCommandOptions) => ended(await dashboard(options)));

  program
    .command('simulate')
    .description('Run a strict local Discord gateway for any bot, and print what happens on it, until Ctrl+C.')
    .option('--port <port>', 'port to listen on (default: a free one)', port)
    .option('--shards <count>', 'number of shards that GET /gateway/bot recommends (default: 1)', count)
    .option('--max-concurrency <count>', 'identifies allowed at once (default: 1)', count)
    .option('--heartbeat-interval <ms>', 'heartbeat interval that HELLO announces (default: 41250)', count)
    .option('--identify-window <ms>', 'time between two identifies (default: 5000)', whole)
    .option(
      '--dispatch-every <ms>',
      'send a MESSAGE_CREATE in every guild at this interval; there is one guild a shard',
      count,
    )
    .option('-i, --interactive', 'read faults from stdin, one per line: drop, zombie, op7, op9!, close 4014 …')
    .option('--json', 'write lines of JSON')
    .addHelpText('after', simulateExamples + '\n' + shared)
    .action(async (options: SimulateOptions) => ended(await simulate(options)));

  program
    .command('audit')
    .description(
      'Read audit logs: what each shard did, when and why, and totals. Files are sorted by their first records, so a ' +
        'rotated log can be given as `bot.log*`. With a pipe among them they are read in the order given.',
    )
    .argument('<files...>', 'files written by run --audit, demo --audit or createAuditLog({ file })')
    .option('--shard <ids>', 'only these shards, as in 0,3,5-8')
    .option('--since <time>', 'only records from this time on')
    .option('--until <time>', 'only records up to this time')
    .option('--state <names>', 'only transitions from or to these states, as in Resuming,Identifying')
    .option('--totals', 'only the totals')
    .option('--utc', 'read and show times in UTC instead of local time')
    .option(
      '--verify',
      'replay whole files; exit code 1 where a record does not follow from the charts: the log does not verify',
    )
    .option('--json', 'write lines of JSON')
    .addHelpText('after', auditHelp + '\n' + shared)
    .action(async (files: string[], options: AuditOptions) => ended(await audit(files, options)));

  return program;
}

const fleetExamples = `
Examples:
  DISCORD_TOKEN=… npx shardchart fleet --redis redis://127.0.0.1 --name my-bot
  npx shardchart fleet status --redis redis://127.0.0.1 --name my-bot --watch
  npx shardchart fleet drain w-1 --redis redis://127.0.0.1 --name my-bot`;

/** Adds `fleet` with its commands. */
function addFleet(program: Command, ended: (exitCode: number) => void): void {
  const fleet = withFleetChoice(program.command('fleet'))
    .description(
      'Run a worker of a bot that runs over many processes, on Redis, until Ctrl+C: it takes its share of the shards, and ' +
        'gives them away at the end. The token comes from DISCORD_TOKEN.',
    )
    .option('--worker <name>', 'name of this worker (default: made at random)')
    .option('--capacity <count>', 'most shards that this worker takes (default: no limit)', whole)
    .option('--publish', 'publish every event to Redis streams')
    .option('--shards <count|auto>', 'number of shards of a new fleet (default: what Discord recommends)', countOrAuto)
    .option('--events <names>', 'parse and write only these dispatches', names)
    .option('--audit <file>', 'append the transitions of the shards to this audit log')
    .option('--json', 'write lines of JSON to stderr too');
  withGatewayOptions(fleet)
    .addHelpText('after', fleetExamples + '\n' + shared)
    .action(async (options: FleetWorkerOptions) => ended(await fleetWorker(options)));
  withFleetChoice(fleet.command('status'))
    .description('Print the workers, their shards, and how far consumers are behind.')
    .option('--watch', 'print it each second until Ctrl+C')
    .option('--json', 'print it as a line of JSON')
    .action(async (_: StatusOptions, command: Command) => ended(await fleetStatus(command.optsWithGlobals())));
  withFleetChoice(fleet.command('dashboard'))
    .description('Serve a page of the whole fleet on this machine: workers, their shards, consumers and incidents.')
    .option('--port <port>', 'port to listen on (default: a free one)', port)
    .option('--json', 'print the URL as {"dashboard": url}')
    .action(async (_: PageOptions, command: Command) => ended(await fleetDashboard(command.optsWithGlobals())));
  withFleetChoice(fleet.command('drain'))
    .description('Make a worker give its shards to the others, and wait until it has.')
    .argument('<worker>', 'name of the worker')
    .action(async (worker: string, _: FleetChoice, command: Command) =>
      ended(await fleetDrain(worker, command.optsWithGlobals())),
    );
  withFleetChoice(fleet.command('reshard'))
    .description('Give the fleet another number of shards, without a pause, and wait until they are in service.')
    .argument('<total>', 'number of shards', count)
    .action(async (total: number, _: FleetChoice, command: Command) =>
      ended(await fleetReshard(total, command.optsWithGlobals())),
    );
}

/** Adds the options that name a fleet. */
function withFleetChoice(command: Command): Command {
  return command
    .addOption(
      new Option('--redis <url>', 'Redis of the fleet').env('SHARDCHART_REDIS_URL').default('redis://127.0.0.1:6379'),
    )
    .option('--name <name>', 'name of the fleet', 'shardchart');
}

/** Adds the options that choose the shards and how they connect. */
function withBotOptions(command: Command): Command {
  return withGatewayOptions(command)
    .option(
      '--shards <count|auto>',
      'run this many shards, or the number Discord recommends (default: 1, or --total)',
      countOrAuto,
    )
    .option('--ids <list>', 'run these shards, as in 0,3,5-8; needs --total')
    .option('--total <count>', 'number of shards of the bot (default: as many as are run)', count)
    .option('--session-file <file>', 'resume the sessions in this file, and save them there for the next run');
}

/** Adds the options that say how shards connect. */
function withGatewayOptions(command: Command): Command {
  return command
    .option('--identify-window <ms>', 'time between two identifies (default: 5000, as at Discord)', whole)
    .option('--reserve <count>', "leave this many of the day's identifies for other uses", whole)
    .option('--intents <intents>', 'a sum of bits, or names as in Guilds,GuildMessages', 'Guilds')
    .option('--url <url>', "gateway URL (default: SHARDCHART_GATEWAY_URL or Discord's)")
    .addOption(
      new Option('--compression <kind>', 'transport compression')
        .choices(['zlib-stream', 'zstd-stream', 'payload', 'none'])
        .default('zlib-stream'),
    );
}

const inspectOption = [
  '--inspect [port]',
  'show the first eight shards in the Stately inspector, on this port of 127.0.0.1 (default: a free one)',
  port,
] as const;

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function count(text: string): number {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

function port(text: string): number {
  const value = whole(text);
  if (value > 65_535) throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return value;
}

function names(text: string): string[] {
  const list = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (list.length === 0)
    throw new InvalidArgumentError('It must be a list of names, as in MESSAGE_CREATE,GUILD_CREATE.');
  return list;
}

function countOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (/^0*[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1, or auto.');
}
