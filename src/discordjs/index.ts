/**
 * Shards of shardchart under discord.js, \@discordjs/ws and \@discordjs/core.
 *
 * @packageDocumentation
 */
export { shardchartGateway, type DispatchGateway } from './gateway.js';
export type { ShardchartStrategyOptions } from './options.js';
export { shardchartStrategy, type ShardchartStrategy } from './strategy.js';
export type { SessionInfo, StrategyManager, StrategyManagerOptions } from './strategyManager.js';
