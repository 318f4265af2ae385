import {
  ShardError,
  type IdentifyLimiter,
  type Logger,
  type SharedShardOptions,
  type ShardManager,
  type ShardManagerOptions,
} from '../index.js';
import { sessionStoreOf } from './sessions.js';
import type { StrategyManager, StrategyManagerOptions } from './strategyManager.js';

/** Options of {@link shardchartStrategy}. */
export interface ShardchartStrategyOptions {
  /**
   * Options of the shards, as a manager takes them: they replace those that the bot gave to discord.js. `compression` is
   * `zlib-stream` by default, whatever the bot asked for: it needs no zlib-sync.
   */
  options?: SharedShardOptions;
  /** Decides which shard identifies when, for bots of several processes. Replaces `buildIdentifyThrottler`. */
  identifyLimiter?: IdentifyLimiter;
  /** Identifies of the day that the bot never uses, for other processes. Default 0. */
  reserve?: number;
  logger?: Logger;
  /**
   * Called with the manager of the shards before it connects: for `serveDashboard(manager)`, `log.attach(manager)` and
   * `attachInspector(manager)`. Every login has a new manager.
   */
  onManager?: (manager: ShardManager) => void;
}

const NAMES: { readonly [Name in keyof ShardchartStrategyOptions]-?: true } = {
  options: true,
  identifyLimiter: true,
  reserve: true,
  logger: true,
  onManager: true,
};

/** @throws ShardError `INVALID_OPTION` */
export function checkStrategyOptions(options: ShardchartStrategyOptions): void {
  if (Object.hasOwn(options, 'sessionStore')) {
    throw new ShardError(
      'INVALID_OPTION',
      'shardchartStrategy takes no `sessionStore`: a Client that resumes a session of another process gets no READY and no ' +
        'guilds, and is never ready. Without a Client, give `retrieveSessionInfo` and `updateSessionInfo` to @discordjs/ws.',
    );
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(NAMES, name));
  if (unknown !== undefined) {
    const names = Object.keys(NAMES).join(', ');
    throw new ShardError(
      'INVALID_OPTION',
      `shardchartStrategy has no option \`${unknown}\`. Its options are ${names}.`,
      {
        value: unknown,
      },
    );
  }
  const { onManager } = options;
  if (onManager !== undefined && typeof onManager !== 'function') {
    throw new ShardError('INVALID_OPTION', '`onManager` must be a function of the manager.', { value: onManager });
  }
}

export interface ManagerOptionsInput {
  readonly manager: StrategyManager;
  readonly given: ShardchartStrategyOptions;
  readonly ids: readonly number[];
  /** True asks for GET /gateway/bot again: the answer that the bot's REST client keeps has the identifies of before. */
  readonly isAgain: boolean;
}

/** The options of the shard manager that does what a `WebSocketManager` was asked for. */
export async function managerOptionsOf(input: ManagerOptionsInput): Promise<ShardManagerOptions> {
  const { manager, given, ids, isAgain } = input;
  const { options } = manager;
  const gatewayInfo = await manager.fetchGatewayInformation(isAgain);
  const total = await manager.getShardCount();
  const limiter = given.identifyLimiter === undefined ? await throttlerOf(manager) : null;
  const { logger, reserve, identifyLimiter } = given;
  return {
    // Absent in both places: the manager refuses it, and says where a token is found.
    token: (manager.setToken === undefined ? options.token : manager.token) ?? '',
    intents: options.intents,
    total,
    ids,
    gatewayInfo,
    options: { ...shardOptionsOf(options), ...given.options },
    sessionStore: sessionStoreOf(options, total),
    ...(limiter !== null && { identifyHook: (id, { signal }) => limiter.waitForIdentify(id, signal) }),
    ...(identifyLimiter && { identifyLimiter }),
    ...(reserve !== undefined && { reserve }),
    ...(logger && { logger }),
  };
}

function shardOptionsOf(options: StrategyManagerOptions): SharedShardOptions {
  const { largeThreshold, initialPresence } = options;
  const timeouts = {
    handshake: options.handshakeTimeout,
    hello: options.helloTimeout,
    ready: options.readyTimeout,
  };
  return {
    version: Number(options.version),
    properties: options.identifyProperties,
    timeouts: Object.fromEntries(Object.entries(timeouts).filter(([, limit]) => limit !== null && limit !== undefined)),
    // A property that is undefined is one that was not given.
    ...(typeof largeThreshold === 'number' && { largeThreshold }),
    ...(initialPresence && { presence: initialPresence }),
  };
}

/**
 * The throttler that the bot chose; null for the default of \@discordjs/ws. The manager's own queue counts the day's
 * identifies, can be interrupted and adds no random wait. Nothing but its name tells the default.
 */
async function throttlerOf(manager: StrategyManager) {
  const throttler = await manager.options.buildIdentifyThrottler(manager as never);
  return throttler.constructor.name === 'SimpleIdentifyThrottler' ? null : throttler;
}
