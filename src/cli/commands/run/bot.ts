import type { Compression } from '../../../actors/inflate/createInflater.js';
import { messageOf } from '../../../util/messageOf.js';
import { createIdentifyLimiter, type ProcessIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { ShardManager } from '../../../manager/manager.js';
import type { ShardManagerOptions } from '../../../manager/options.js';
import { FatalShardError, ShardError } from '../../../util/errors.js';
import { givenUrls } from '../../environment.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { parseIntents } from '../../parseIntents.js';
import { chooseShards, type ShardChoice } from './chooseShards.js';

/** Which shards are run and how, as the command line has it. */
export interface BotOptions extends ShardChoice {
  readonly reserve?: number;
  readonly intents: string;
  readonly url?: string;
  readonly compression: Compression;
  readonly events?: readonly string[];
}

/** A bot of the command line's, before anything of it is opened. */
export interface BotPlan {
  readonly settings: ShardManagerOptions;
  /** Null where the manager makes its own, for the budget the HTTP API tells. */
  readonly limiter: ProcessIdentifyLimiter | null;
}

/** @throws UsageError */
export function planBot(token: string, options: BotOptions): BotPlan {
  const { events, reserve = 0, compression } = options;
  const chosen = chooseShards(options);
  const intents = parseIntents(options.intents);
  const { url, api } = givenUrls(process.env, options.url);
  // Whoever names a gateway of their own need not have an API beside it.
  const limiter = url === null || api !== null ? null : createIdentifyLimiter();
  if (limiter !== null) checkWithoutApi(options);
  const settings: ShardManagerOptions = {
    token,
    intents,
    ...chosen,
    options: { compression, ...(url !== null && { url }), ...(events !== undefined && { events }) },
    ...(api !== null && { api }),
    ...(limiter === null ? { reserve } : { identifyLimiter: limiter }),
  };
  return { settings, limiter };
}

/** @throws UsageError */
function checkWithoutApi({ shards, reserve }: BotOptions): void {
  const needed = shards === 'auto' ? '--shards auto' : reserve === undefined ? null : '--reserve';
  if (needed === null) return;
  throw new UsageError(
    `${needed} asks the HTTP API, and only a gateway is given: set SHARDCHART_API_URL too, as in ` +
      'SHARDCHART_API_URL=https://discord.com/api/v10.',
  );
}

/** Connects all shards. Tells what has failed: the start, or a shard that was refused for good later on. */
export function connect(manager: ShardManager): Promise<unknown> {
  return new Promise((failed) => {
    manager.once('fatal', failed);
    manager.connect().catch(failed);
  });
}

/** How the command ends with what `connect` has told; undefined where it was interrupted. */
export function exitCodeOf(failure: unknown, told: (message: string) => void): number {
  if (failure === undefined) return ExitCode.Fine;
  if (failure instanceof ShardError && failure.code === 'INVALID_OPTION') throw failure;
  // A refusal has been told by the shard.
  if (!(failure instanceof FatalShardError)) told(messageOf(failure));
  return ExitCode.Failed;
}
