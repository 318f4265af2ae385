import type { GatewayDispatchPayload } from 'discord-api-types/v10';
import type { FatalShardError, Logger, ManagerEvents, ShardManager } from '../index.js';
import { callListeners } from './listenerErrors.js';
import { sessionInfoOf } from './sessions.js';
import type { StrategyManager } from './strategyManager.js';

/** Close code of a connection that ended without a close frame. */
const ABNORMAL_CLOSURE = 1006;

/** Codes of network errors that \@discordjs/ws has no event for: of an open connection in every version, of an attempt in 1. */
const SILENT: ReadonlySet<string> = new Set(['ECONNRESET']);
const SILENT_IN_1: ReadonlySet<string> = new Set([...SILENT, 'ECONNREFUSED', 'ETIMEDOUT', 'EAI_AGAIN']);

/** `emit` and `listenerCount` as every version of \@discordjs/ws has them. */
interface Target {
  emit(event: string, ...values: unknown[]): boolean;
  listenerCount(event: string): number;
}

/**
 * Emits the events of a shard manager on a `WebSocketManager`, in the order that discord.js depends on: the session is
 * updated before `hello`, `ready` and `resumed`, and `ready` and `resumed` come before the `dispatch` of the same payload.
 */
export class EventForwarder {
  readonly #shards: ShardManager;
  readonly #options: StrategyManager['options'];
  readonly #target: Target;
  readonly #logger: Logger | undefined;
  /** From \@discordjs/ws 2 on events are values with the shard id last; before, one object. */
  readonly #isPositional: boolean;

  constructor(shards: ShardManager, manager: StrategyManager, logger: Logger | undefined) {
    this.#shards = shards;
    this.#options = manager.options;
    this.#target = manager as unknown as Target;
    this.#logger = logger;
    this.#isPositional = typeof manager.setToken === 'function';
    shards.on('hello', (_hello, shardId) => this.#onHello(shardId));
    shards.on('event', (payload, shardId) => this.#onDispatch(payload, shardId));
    shards.on('heartbeat', (beat, shardId) => this.#onHeartbeat(beat, shardId));
    shards.on('disconnected', (end, shardId) => this.#onDisconnected(end, shardId));
    shards.on('fatal', (error, shardId) => this.#onFatal(error, shardId));
    shards.on('debug', (message, shardId) => this.debug(message, shardId));
  }

  debug(message: string, shardId: number): void {
    this.#emit('debug', 'message', message, shardId);
  }

  #onHello(shardId: number): void {
    this.#updateSession(shardId);
    this.#emitId('hello', shardId);
  }

  #onDispatch(payload: GatewayDispatchPayload, shardId: number): void {
    if (payload.t === 'READY') {
      this.#updateSession(shardId);
      this.#emit('ready', 'data', payload.d, shardId);
    } else if (payload.t === 'RESUMED') {
      this.#updateSession(shardId);
      this.#emitId('resumed', shardId);
    }
    this.#emit('dispatch', 'data', payload, shardId);
  }

  #onHeartbeat({ latency, sentAt, ackAt }: ManagerEvents['heartbeat'], shardId: number): void {
    // Bots print the latency.
    const beat = { ackAt, heartbeatAt: sentAt, latency: Math.round(latency) };
    if (this.#isPositional) this.#call('heartbeat', beat, shardId);
    else this.#call('heartbeat', { ...beat, shardId });
  }

  #onDisconnected({ code, error }: ManagerEvents['disconnected'], shardId: number): void {
    if (error !== null) this.#onNetworkError(error, shardId);
    this.#emit('closed', 'code', code ?? ABNORMAL_CLOSURE, shardId);
  }

  /** \@discordjs/ws 1 has one event for this and for what ends a shard; without a listener that would be thrown. */
  #onNetworkError(error: Error & { code?: unknown }, shardId: number): void {
    const silent = this.#isPositional ? SILENT : SILENT_IN_1;
    if (silent.has(String(error.code))) return;
    if (this.#isPositional) this.#emit('socketError', 'error', error, shardId);
    else if (this.#target.listenerCount('error') > 0) this.#emit('error', 'error', error, shardId);
  }

  /** An `error` without a listener would be thrown; `connect()` rejects with the same error while it runs. */
  #onFatal(error: FatalShardError, shardId: number): void {
    if (this.#target.listenerCount('error') > 0) this.#emit('error', 'error', error, shardId);
    else this.#report(error.message);
  }

  /** Emits the shard's id alone: as a value, or in an object. */
  #emitId(event: string, shardId: number): void {
    this.#call(event, this.#isPositional ? shardId : { shardId });
  }

  /** Emits one value and the shard's id: as values, or as an object with the name that the value has there. */
  #emit(event: string, name: string, value: unknown, shardId: number): void {
    if (this.#isPositional) this.#call(event, value, shardId);
    else this.#call(event, { [name]: value, shardId });
  }

  #call(event: string, ...values: unknown[]): void {
    callListeners(() => this.#target.emit(event, ...values));
  }

  /** The store may write a moment later: discord.js reads the session within the event. */
  #updateSession(shardId: number): void {
    const session = this.#shards.shards.get(shardId)?.session ?? null;
    const info = session && sessionInfoOf(session, shardId, this.#shards.total);
    const onFailure = (error: unknown) =>
      this.#report(`updateSessionInfo failed; the session of shard ${shardId} may be an old one: ${textOf(error)}`);
    new Promise<void>((resolve) => resolve(this.#options.updateSessionInfo(shardId, info))).catch(onFailure);
  }

  #report(message: string): void {
    if (this.#logger === undefined) process.emitWarning(message, 'ShardchartWarning');
    else this.#logger.error(message);
  }
}

/** A value that was thrown, as a text, whatever it is. */
function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : JSON.stringify(value);
  } catch {
    return 'a value that cannot be shown';
  }
}
