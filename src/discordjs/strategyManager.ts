import type { GatewayIdentifyProperties, GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { Awaitable, GatewayInfo } from '../index.js';

/** A session as \@discordjs/ws keeps it. */
export interface SessionInfo {
  readonly sessionId: string;
  readonly sequence: number;
  readonly resumeURL: string;
  readonly shardId: number;
  readonly shardCount: number;
}

/** A throttler of \@discordjs/ws. */
interface IdentifyThrottler {
  waitForIdentify(shardId: number, signal: AbortSignal): Promise<void>;
}

/** Options of a `WebSocketManager` that the strategy reads. Times in milliseconds; null is "not given". */
export interface StrategyManagerOptions {
  /** In \@discordjs/ws 1; later versions have `manager.token`. */
  readonly token?: string;
  readonly intents: number;
  readonly version: string;
  readonly largeThreshold: number | null;
  readonly initialPresence: GatewayPresenceUpdateData | null;
  readonly identifyProperties: GatewayIdentifyProperties;
  readonly handshakeTimeout: number | null;
  readonly helloTimeout: number | null;
  readonly readyTimeout: number | null;
  retrieveSessionInfo(shardId: number): Awaitable<SessionInfo | null>;
  updateSessionInfo(shardId: number, session: SessionInfo | null): Awaitable<void>;
  buildIdentifyThrottler(manager: never): Awaitable<IdentifyThrottler>;
}

/** The part of a `WebSocketManager` of \@discordjs/ws 1, 2 or 3 that the strategy needs. */
export interface StrategyManager {
  readonly options: StrategyManagerOptions;
  /** From \@discordjs/ws 2 on: the getter throws while there is none. */
  readonly token?: string;
  /** From \@discordjs/ws 2 on. Its presence says how events are emitted: as values, with the shard id last. */
  setToken?(token: string): void;
  emit(event: never, ...values: never): boolean;
  listenerCount(event: never): number;
  fetchGatewayInformation(force?: boolean): Promise<GatewayInfo>;
  getShardCount(): Promise<number>;
}
