import type { Compression } from '../../actors/inflate.js';
import { createIdentifyLimiter } from '../../identifyLimiter.js';
import { createShardManager, type ShardManager } from '../../manager.js';
import { FatalShardError, ShardError } from '../../protocol/errors.js';
import { createFileSessionStore } from '../../sessionStores/file.js';
import { openAuditLog } from '../audit/open.js';
import { givenUrls, tokenFrom } from '../environment.js';
import { ExitCode, UsageError } from '../exitCode.js';
import { openInspector, type InspectChoice } from '../inspect.js';
import { onInterrupt } from '../interrupt.js';
import { parseIntents } from '../intents.js';
import { writeJson } from '../output.js';
import { Report } from './report.js';
import { chooseShards, type ShardChoice } from './shards.js';
import { FleetViewer } from './view.js';

/** Options of `shardchart run`, as the command line has them. */
export interface RunOptions extends ShardChoice, InspectChoice {
  readonly reserve?: number;
  readonly intents: string;
  readonly url?: string;
  readonly compression: Compression;
  readonly events?: readonly string[];
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
  const chosen = chooseShards(options);
  const intents = parseIntents(options.intents);
  const { url, api } = givenUrls(process.env, options.url);
  // Whoever names a gateway of their own need not have an API beside it.
  const limiter = url === null || api !== null ? null : createIdentifyLimiter();
  if (limiter !== null) checkWithoutApi(options);
  const startedAt = Date.now();
  const report = new Report({ isJson: options.json === true, startedAt });
  await using auditLog = openAuditLog(options.audit, report.logger.error);
  await using sessionStore =
    options.sessionFile === undefined ? null : createFileSessionStore(options.sessionFile, { logger: report.logger });

  const manager = createShardManager({
    token,
    intents,
    ...chosen,
    options: {
      compression: options.compression,
      ...(url !== null && { url }),
      ...(events !== undefined && { events }),
    },
    ...(api !== null && { api }),
    ...(limiter === null ? { reserve } : { identifyLimiter: limiter }),
    ...(sessionStore !== null && { sessionStore }),
    logger: report.logger,
  });
  await using inspector = await openInspector(options, manager, { token, warn: report.logger.warn });
  if (inspector !== null) tellOfInspector(inspector.url, options.json === true);
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
  if (failure === undefined) return ExitCode.Fine;
  if (failure instanceof ShardError && failure.code === 'INVALID_OPTION') throw failure;
  // A refusal has been told by the shard.
  if (!(failure instanceof FatalShardError)) {
    report.log('error', `shardchart: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
  return ExitCode.Failed;
}

function tellOfInspector(url: string | null, isJson: boolean): void {
  if (isJson) writeJson(process.stderr, { inspector: url });
  else process.stderr.write(`inspector at ${url}\n`);
}

/** Tells what has failed: the start, or a shard that was refused for good later on. */
function connect(manager: ShardManager): Promise<unknown> {
  return new Promise((failed) => {
    manager.once('fatal', failed);
    manager.connect().catch(failed);
  });
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

/** @throws UsageError */
function checkWithoutApi({ shards, reserve }: RunOptions): void {
  const needed = shards === 'auto' ? '--shards auto' : reserve === undefined ? null : '--reserve';
  if (needed === null) return;
  throw new UsageError(
    `${needed} asks the HTTP API, and only a gateway is given: set SHARDCHART_API_URL too, as in ` +
      'SHARDCHART_API_URL=https://discord.com/api/v10.',
  );
}
