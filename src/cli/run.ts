import type { Compression } from '../actors/inflate.js';
import { createIdentifyLimiter } from '../identifyLimiter.js';
import { createFileSessionStore } from '../sessionStores/file.js';
import { createShard, type Shard } from '../shard.js';
import { openAuditLog } from './audit/open.js';
import { gatewayUrl, tokenFrom } from './environment.js';
import { ExitCode, UsageError } from './exitCode.js';
import { printable, sinceStart, TransitionPrinter } from './format.js';
import { onInterrupt } from './interrupt.js';
import { parseIntents } from './intents.js';
import { createOutput, writeJson } from './output.js';

/** Options of `shardchart run`, as the command line has them. */
export interface RunOptions {
  readonly shards?: number;
  readonly total?: number;
  readonly ids?: readonly number[];
  readonly intents: string;
  readonly url?: string;
  readonly compression: Compression;
  readonly events?: readonly string[];
  readonly json?: boolean;
  readonly audit?: string;
  readonly sessionFile?: string;
}

/** `shardchart run`: dispatches as JSON lines on stdout, what the shards do on stderr, until interrupted. */
export async function run(options: RunOptions): Promise<number> {
  const token = tokenFrom(process.env);
  if (token === null) {
    throw new UsageError(
      'DISCORD_TOKEN is not set. Put the bot token into the environment: DISCORD_TOKEN=… shardchart run',
    );
  }
  const { ids, total } = chooseShards(options);
  const intents = parseIntents(options.intents);
  const identifyLimiter = createIdentifyLimiter();
  const report = createReport(options.json === true);
  await using auditLog = openAuditLog(options.audit, report.logger.error);
  await using sessionStore =
    options.sessionFile === undefined
      ? null
      : createFileSessionStore(options.sessionFile, { total, logger: report.logger });
  let refused!: () => void;
  const fatal = new Promise<void>((resolve) => (refused = resolve));
  let isRefused = false;

  const shards: Shard[] = ids.map((id) => {
    const shard = createShard({
      token,
      intents,
      id,
      total,
      url: options.url ?? gatewayUrl(process.env),
      compression: options.compression,
      identifyLimiter,
      ...(options.events !== undefined && { events: options.events }),
      ...(sessionStore !== null && { sessionStore }),
      logger: report.logger,
    });
    shard.on('transition', report.transition);
    auditLog?.attach(shard);
    shard.on('dispatch', ({ t, s, d }) => {
      // READY and RESUMED come in any case; whoever named events wants no others.
      if (options.events?.includes(t) ?? true) writeJson(process.stdout, { shard: id, t, s, d });
    });
    shard.once('fatal', () => {
      isRefused = true;
      refused();
    });
    return shard;
  });

  const interrupt = onInterrupt(() => shards.forEach((shard) => shard.forceClose()));
  // A rejection tells what `fatal` or the shutdown below does.
  for (const shard of shards) shard.connect().catch(() => {});
  await Promise.race([interrupt.requested, fatal]);
  // Who keeps sessions wants to come back to them.
  await Promise.all(shards.map((shard) => shard.shutdown({ resumable: sessionStore !== null })));
  interrupt.dispose();
  return isRefused ? ExitCode.Failed : ExitCode.Fine;
}

/**
 * Which shards, of how many.
 * @throws UsageError
 */
export function chooseShards({ shards, total, ids }: Pick<RunOptions, 'shards' | 'total' | 'ids'>): {
  ids: readonly number[];
  total: number;
} {
  if (ids !== undefined && shards !== undefined) throw new UsageError('Use either --shards or --ids.');
  if (ids !== undefined && total === undefined) {
    throw new UsageError('--ids needs --total: how many shards the bot has in all.');
  }
  const chosen = ids ?? Array.from({ length: shards ?? total ?? 1 }, (_, id) => id);
  const all = total ?? chosen.length;
  const tooHigh = chosen.find((id) => id >= all);
  if (tooHigh !== undefined)
    throw new UsageError(`There is no shard ${tooHigh} of ${all}: ids go from 0 to ${all - 1}.`);
  return { ids: [...new Set(chosen)], total: all };
}

/** What the shards do, on stderr: lines for people or, with --json, for programs. */
function createReport(isJson: boolean) {
  const output = createOutput(process.stderr);
  const printer = new TransitionPrinter(output, sinceStart(Date.now()));
  const log = (level: 'warn' | 'error') => (message: string) => {
    if (isJson) writeJson(process.stderr, { level, message });
    else output.line(level === 'error' ? output.colors.bold(printable(message)) : printable(message));
  };
  return {
    logger: { debug: () => {}, info: () => {}, warn: log('warn'), error: log('error') },
    transition: (record: Parameters<TransitionPrinter['print']>[0]): void => {
      if (isJson) writeJson(process.stderr, record);
      else printer.print(record);
    },
  };
}
