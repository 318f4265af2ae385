export type { Malformed } from './actors/frames.js';
export type { Awaitable, IdentifyGrant, IdentifyLimiter } from './actors/identifySlot.js';
export type { Compression } from './actors/inflate.js';
export { lifecycleOf, managerMachine, shardMachine, type Lifecycle } from '../machines/index.js';
export type { GuildMembers } from './commands/guildMembers.js';
export type { RequestOptions } from './commands/request.js';
export type { SoundboardSounds } from './commands/soundboardSounds.js';
export type { VoiceStateAnswer, VoiceStateOptions } from './commands/voiceState.js';
export type { DispatchEvents, LifecycleEvents, ShardEvents, TransitionRecord } from './events.js';
export type { EventStream, EventStreamOptions } from './eventStream.js';
export {
  AuditError,
  createAuditLog,
  readAuditLog,
  replayAudit,
  type AuditErrorCode,
  type AuditLog,
  type AuditLogOptions,
  type AuditLogReader,
  type AuditRecord,
  type AuditGroup,
  type AuditSource,
  type Divergence,
  type Replayed,
  type ReplayRecord,
  type ReplayResult,
  type Rotation,
  type SkippedLine,
} from './audit/index.js';
export {
  fetchGatewayInfo,
  GatewayInfoError,
  type GatewayInfoErrorCode,
  type GatewayInfoOptions,
} from './gatewayInfo.js';
export {
  createIdentifyLimiter,
  type IdentifyBudgetLeft,
  type IdentifyLimiterOptions,
  type ProcessIdentifyLimiter,
  type SessionStartLimit,
} from './identifyLimiter.js';
export type { Logger } from './logger.js';
export { createShardManager, type ReshardOptions, type RestartOptions, type ShardManager } from './manager.js';
export type { FleetEvents, ManagerEvents, ManagerListener, ManagerOnlyEvents } from './manager/events.js';
export type { IdentifyController } from './manager/identifies.js';
export type { GatewayInfo, OwnShardOptions, SharedShardOptions, ShardManagerOptions } from './manager/options.js';
export type { ManagerState, ManagerStatus, ShardStatus } from './manager/status.js';
export type { ShardOptions } from './options.js';
export type { SendOptions, SendPayload } from './outbox.js';
export type { Presence } from './presence.js';
export type { Action, Decision } from './protocol/decision.js';
export { FatalShardError, ShardError, type ShardErrorCode } from './protocol/errors.js';
export type { Session } from './protocol/session.js';
export { SessionStoreError, type SessionStoreErrorCode } from './sessionStores/errors.js';
export { createFileSessionStore, type FileSessionStore, type FileSessionStoreOptions } from './sessionStores/file.js';
export { createMemorySessionStore, type SessionStore } from './sessionStore.js';
export { createShard, type Bucket, type Heart, type Shard, type ShardStats } from './shard.js';
