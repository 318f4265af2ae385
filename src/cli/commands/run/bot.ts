import type { Compression } from '../../../actors/inflate/createInflater.js';
import { messageOf } from '../../../util/messageOf.js';
import { createIdentifyLimiter, type ProcessIdentifyLimiter } from '../../../identify/identifyLimiter.js';
import type { ShardManager } from '../../../manager/manager.js';
import type { ShardManagerOptions } from '../../../manager/options.js';
import type { DispatchName } from '../../../shard/options.js';
import { FatalShardError, ShardError } from '../../../util/errors.js';
import { urlsFrom } from '../../environment.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { parseIntents } from '../../parseIntents.js';
import { chooseShards, type ShardChoice } from './chooseShards.js';

/** Options that choose the shards and how they connect. */
export interface BotOptions extends ShardChoice {
  readonly reserve?: number;
  readonly identifyWindow?: number;
  readonly intents: string;
  readonly url?: string;
  readonly compression: Compression;
  readonly events?: readonly DispatchName[];
}

/** Settings of a bot, made before anything is opened. */
export interface BotPlan {
  readonly settings: ShardManagerOptions;
  /** Null where the manager makes its own limiter, with the budget from the HTTP API. */
  readonly limiter: ProcessIdentifyLimiter | null;
}

/**
 * Turns the options into settings of a manager.
 * @throws UsageError
 */
export function planBot(token: string, options: BotOptions): BotPlan {
  const { events, reserve = 0, compression, identifyWindow } = options;
  const chosen = chooseShards(options);
  const intents = parseIntents(options.intents);
  const { url, api } = urlsFrom(process.env, options.url);
  // A user with another gateway may have no HTTP API for it.
  const limiter =
    url === null || api !== null
      ? null
      : createIdentifyLimiter(identifyWindow === undefined ? {} : { window: identifyWindow });
  if (limiter !== null) checkWithoutApi(options);
  const settings: ShardManagerOptions = {
    token,
    intents,
    ...chosen,
    options: { agent: 'env', compression, ...(url !== null && { url }), ...(events !== undefined && { events }) },
    ...(api !== null && { api }),
    ...(limiter === null
      ? { reserve, ...(identifyWindow !== undefined && { identifyWindow }) }
      : { identifyLimiter: limiter }),
  };
  return { settings, limiter };
}

/** @throws UsageError for options that need the HTTP API. */
function checkWithoutApi({ shards, reserve }: BotOptions): void {
  const needed = shards === 'auto' ? '--shards auto' : reserve === undefined ? null : '--reserve';
  if (needed === null) return;
  throw new UsageError(
    `${needed} needs the HTTP API, but only a gateway URL is given. Set SHARDCHART_API_URL too, as in ` +
      'SHARDCHART_API_URL=https://discord.com/api/v10.',
  );
}

/** Connects all shards. Resolves with the failure that ends the command: of the start, or a later fatal close. */
export function connect(manager: ShardManager): Promise<unknown> {
  return new Promise((failed) => {
    manager.once('fatal', failed);
    manager.connect().catch(failed);
  });
}

/** True for the manager's warning about a failed start: `exitCodeOf` reports the same failure to people. */
export const isStartFailure = (message: string): boolean => message.startsWith('manager: connect failed:');

/** True for the log line about a shard that was refused for good; the failure that ends the command says the same. */
export const isRefusal = (message: string): boolean => message.includes('refused the shard for good');

/**
 * Exit code for what `connect` resolved with; undefined means that the command was interrupted. Reports the failure, unless
 * the log has it already: then `isLogged` says so for a fatal close.
 */
export function exitCodeOf(
  failure: unknown,
  report: (message: string) => void,
  { isLogged = true }: { readonly isLogged?: boolean } = {},
): number {
  if (failure === undefined) return ExitCode.Fine;
  if (failure instanceof ShardError && failure.code === 'INVALID_OPTION') throw failure;
  if (!(failure instanceof FatalShardError)) report(messageOf(failure));
  else if (!isLogged) report(`shard ${failure.shardId}: ${failure.message}`);
  return ExitCode.Failed;
}
