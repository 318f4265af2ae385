export type { Malformed } from './actors/frameReader.js';
export type { Awaitable } from './util/awaitable.js';
export type { IdentifyGrant, IdentifyLimiter } from './identify/limiter.js';
export type { Compression } from './actors/inflate/createInflater.js';
export { lifecycleOf, managerMachine, shardMachine, type Lifecycle } from '../machines/index.js';
export type { GuildMembers } from './shard/requests/guildMembers.js';
export type { RequestOptions } from './shard/requests/request.js';
export type { SoundboardSounds } from './shard/requests/soundboardSounds.js';
export type { VoiceStateAnswer, VoiceStateOptions } from './shard/requests/voiceState.js';
export type { DispatchEvents, LifecycleEvents, ShardEvents, TransitionRecord } from './shard/events.js';
export type { EventStream, EventStreamOptions } from './shard/eventStream.js';
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
} from './manager/gatewayInfo.js';
export {
  createIdentifyLimiter,
  type IdentifyBudgetLeft,
  type IdentifyLimiterOptions,
  type ProcessIdentifyLimiter,
  type SessionStartLimit,
} from './identify/identifyLimiter.js';
export type { IdentifyStore } from './identify/allowance.js';
export type { IdentifyRecord } from './protocol/identifyRecord.js';
export type { Logger } from './util/logger.js';
export { createShardManager, type ShardManager } from './manager/manager.js';
export type { FleetEvents, ManagerEvents, ManagerListener, ManagerOnlyEvents } from './manager/events.js';
export type { IdentifyController } from './manager/identifyControl.js';
export type {
  GatewayInfo,
  OwnShardOptions,
  ReshardOptions,
  RestartOptions,
  SharedShardOptions,
  ShardManagerOptions,
} from './manager/options.js';
export type { ManagerState, ManagerStatus, ShardStatus } from './manager/status.js';
export type { ShardOptions } from './shard/options.js';
export type { SendOptions, SendPayload } from './shard/sendQueue.js';
export type { CustomStatus, Presence, PresenceActivity } from './shard/presence.js';
export type { Action, Decision } from './protocol/decision.js';
export { FatalShardError, ShardError, type ShardErrorCode } from './util/errors.js';
export { GatewayIntentBits, type IntentName, type Intents } from './protocol/intents.js';
export type { Session, SessionIdentity, StoredSession } from './protocol/session.js';
export { SessionStoreError, type SessionStoreErrorCode } from './sessions/errors.js';
export { createFileSessionStore, type FileSessionStore } from './sessions/fileStore.js';
export type { FileSessionStoreOptions } from './sessions/fileStoreOptions.js';
export { createMemorySessionStore, type SessionStore } from './sessions/sessionStore.js';
export type { Bucket, Heart } from './shard/heart.js';
export { createShard, type Shard, type ShardStats } from './shard/shard.js';
export type { ShutdownOptions } from './shard/closeOptions.js';
