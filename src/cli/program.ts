import { createRequire } from 'node:module';
import { Command, InvalidArgumentError, Option } from 'commander';
import { audit, type AuditOptions } from './commands/audit/audit.js';
import { timeSyntax } from './commands/audit/time.js';
import { dashboard, type DashboardCommandOptions } from './commands/dashboard/dashboard.js';
import { demo, type DemoOptions } from './commands/demo/demo.js';
import { run, type RunOptions } from './commands/run/run.js';
import { simulate, type SimulateOptions } from './commands/simulate.js';

const exitCodes = `
Exit codes:
  0    fine
  1    something failed: the gateway or its API refused the bot or could not be
       asked, the demo went differently, an audit log does not verify
  2    wrong use: an option that cannot be, no token, no such file
  130  ended by a second Ctrl+C, or by the first during the demo's story`;

const environment = `
Environment:
  DISCORD_TOKEN           the bot's token. There is no option for it: arguments
                          can be read by everybody on the machine
  SHARDCHART_GATEWAY_URL  gateway to connect to instead of Discord's
  SHARDCHART_API_URL      HTTP API to ask for the gateway and its limits instead
                          of https://discord.com/api/v10. Where only a gateway
                          URL is given none is asked
  NO_COLOR, FORCE_COLOR   never, always in colour`;

const auditHelp = `
Times:
  ${timeSyntax}.
  What names no zone is local time, or UTC with --utc.

Totals:
  A state from before --since counts from --since on. Time ends with the last
  record of the log, or with --until: then the last states are taken to have
  lasted until then, as those of a bot that still runs have with --until now.
  --state limits what is counted, and which of the times are shown.

JSON:
  A line for each record, as in the log, and last a line {"totals":{…}}; times
  are milliseconds. With --verify one line: {"ok":true,"records","shards"} or
  {"ok":false,"index","record","expected","found","reason","file","line"}.
    shardchart audit bot.log --json | jq 'select(.decision.action == "fatal")'
    shardchart audit bot.log --json --totals | jq '.totals.stateMs.Connected'`;

/** The command line; each command tells its exit code. */
export function createProgram(ended: (exitCode: number) => void): Command {
  const program = new Command('shardchart')
    .description('A Discord gateway client whose shards are explicit statecharts.')
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(--help tells what there is)')
    .addHelpText('after', environment + '\n' + exitCodes);

  program
    .command('demo')
    .description(
      'Walk two shards on a simulated gateway through a drop, a zombie, an invalid session, a reconnect, a corrupt ' +
        'stream and a fatal close, and check each step. With DISCORD_TOKEN set: show one shard on Discord for 20 s.',
    )
    .option('--audit <file>', 'append what the shards do to this audit log')
    .option(...inspectOption)
    .addHelpText('after', environment + '\n' + exitCodes)
    .action(async (options: DemoOptions) => ended(await demo(options)));

  withBotOptions(program.command('run'))
    .description(
      'Run shards until Ctrl+C. On a terminal stdout shows a table of them as they are; into a pipe, and with --json, each ' +
        'dispatch is a line of JSON, {"shard","t","s","d"}. What the shards do is told on stderr. The token comes from ' +
        'DISCORD_TOKEN.',
    )
    .option('--events <names>', 'only these dispatches, as in MESSAGE_CREATE,GUILD_CREATE', names)
    .option('--json', 'write to stderr as lines of JSON too, and no table')
    .option('--audit <file>', 'append what the shards do to this audit log')
    .option(...inspectOption)
    .option('--dashboard [port]', 'serve the live page at this port of 127.0.0.1 (default: any free one)', port)
    .addHelpText('after', environment + '\n' + exitCodes)
    .action(async (options: RunOptions) => ended(await run(options)));

  withBotOptions(
    program
      .command('dashboard')
      .description(
        'Serve a page that shows shards live until Ctrl+C: those of a bot, whose token comes from DISCORD_TOKEN; with ' +
          '--simulator simulated ones, with their faults as buttons; with --audit FILE those of an audit log, played back.',
      )
      .option('--simulator', 'no bot: shards on a simulated gateway (default: 16; --shards says how many)')
      .option('--audit <files...>', 'play these audit logs back; rotated ones, or those of several processes, as one'),
  )
    .option('--port <port>', 'port to listen on (default: any free one)', port)
    .option('--host <host>', 'address to listen on (default: 127.0.0.1); any other needs the token that is printed')
    .option('--controls', 'let whoever looks connect, reconnect and close shards (with --simulator: always)')
    .option('--open', 'open the page in the browser')
    .option('--json', 'tell where it is as {"dashboard": url}')
    .addHelpText('after', environment + '\n' + exitCodes)
    .action(async (options: DashboardCommandOptions) => ended(await dashboard(options)));

  program
    .command('simulate')
    .description('Run a strict local Discord gateway for any bot, and tell what happens on it, until Ctrl+C.')
    .option('--port <port>', 'port to listen on (default: any free one)', port)
    .option('--shards <count>', 'shards that GET /gateway/bot recommends (default: 1)', count)
    .option('--max-concurrency <count>', 'identifies at once (default: 1)', count)
    .option('--heartbeat-interval <ms>', 'of HELLO (default: 41250)', count)
    .option('--identify-window <ms>', 'between two identifies (default: 5000)', whole)
    .option('--dispatch-every <ms>', 'send a MESSAGE_CREATE to every session that often', count)
    .option('-i, --interactive', 'read faults from stdin, one a line: drop, zombie, op7, op9!, close 4014 …')
    .option('--json', 'write lines of JSON')
    .addHelpText('after', exitCodes)
    .action(async (options: SimulateOptions) => ended(await simulate(options)));

  program
    .command('audit')
    .description(
      'Read audit logs: what each shard did, when and why, and totals. Files are read in the order of what they begin ' +
        'with, so that a rotated log is `bot.log*`; with a pipe among them, as they are named.',
    )
    .argument('<files...>', 'what run --audit, demo --audit or createAuditLog({ file }) has written')
    .option('--shard <ids>', 'only these shards, as in 0,3,5-8')
    .option('--since <time>', 'only from then on')
    .option('--until <time>', 'only up to then')
    .option('--state <names>', 'only what leads from or to these states, as in Resuming,Identifying')
    .option('--totals', 'only the totals')
    .option('--utc', 'times in UTC instead of local time, given and shown')
    .option('--verify', 'replay whole files, unfiltered, and tell whether they are true')
    .option('--json', 'write lines of JSON')
    .addHelpText('after', auditHelp + '\n' + exitCodes)
    .action(async (files: string[], options: AuditOptions) => ended(await audit(files, options)));

  return program;
}

/** Which shards there are and how they connect. */
function withBotOptions(command: Command): Command {
  return command
    .option(
      '--shards <count|auto>',
      'run the first so many shards, or those Discord recommends (default: 1, or --total)',
      countOrAuto,
    )
    .option('--ids <list>', 'run these shards instead, as in 0,3,5-8; needs --total')
    .option('--total <count>', 'how many shards the bot has (default: as many as are run)', count)
    .option('--reserve <count>', "leave so many of the day's identifies for something else", whole)
    .option('--intents <intents>', 'a sum of bits, or names as in Guilds,GuildMessages', 'Guilds')
    .option('--url <url>', "gateway URL (default: SHARDCHART_GATEWAY_URL or Discord's)")
    .addOption(
      new Option('--compression <kind>', 'transport compression')
        .choices(['zlib-stream', 'zstd-stream', 'payload', 'none'])
        .default('zlib-stream'),
    )
    .option('--session-file <file>', 'resume the sessions of this file, and leave them there for the next run');
}

const inspectOption = [
  '--inspect [port]',
  'show the first eight shards in the Stately inspector, at this port of 127.0.0.1 (default: any free one)',
  port,
] as const;

function version(): string {
  // By the package's own name, so that it is found from src and from dist alike.
  return (createRequire(import.meta.url)('shardchart/package.json') as { version: string }).version;
}

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
  if (value > 65_535) throw new InvalidArgumentError('A port goes up to 65535.');
  return value;
}

function names(text: string): string[] {
  const list = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (list.length === 0) throw new InvalidArgumentError('It must be names, as in MESSAGE_CREATE,GUILD_CREATE.');
  return list;
}

function countOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (/^0*[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1, or auto.');
}
