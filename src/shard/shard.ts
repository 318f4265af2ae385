import type {
  GatewayChannelInfoDispatchData,
  GatewayDispatchPayload,
  GatewayGuildMembersChunkDispatchData,
  GatewayRequestChannelInfoData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { Actor } from 'xstate';
import { lifecycleOf, type Lifecycle } from '../../machines/lifecycle.js';
import type { shardMachine } from '../../machines/shard.js';
import type { WireStats } from '../actors/wire.js';
import { assemble, type Assembly } from './assemble.js';
import { Commands } from './commands.js';
import { checkClose } from './closeOptions.js';
import { requestChannelInfo } from './requests/channelInfo.js';
import { RequestDesk, userIdOf } from './requests/answers.js';
import { requestGuildMembers, requestGuildMembersIterator, type GuildMembers } from './requests/guildMembers.js';
import type { RequestOptions } from './requests/request.js';
import { requestSoundboardSounds, type SoundboardSounds } from './requests/soundboardSounds.js';
import { updateVoiceState, type VoiceStateAnswer, type VoiceStateOptions } from './requests/voiceState.js';
import { Emitter } from '../util/emitter.js';
import type { ShardEvents, TransitionRecord } from './events.js';
import { openEventStream, type EventStream, type EventStreamOptions } from './eventStream.js';
import { GuardedLogger } from '../util/logger.js';
import { Waiters } from '../util/waiters.js';
import { resolveOptions, type ShardOptions } from './options.js';
import { Outbox, type SendOptions, type SendPayload } from './sendQueue.js';
import { checkPresence, type Presence } from './presence.js';
import { RESUMABLE_CLOSE } from '../protocol/closeCodes.js';
import { ShardError } from '../util/errors.js';
import { Opcode } from '../protocol/opcodes.js';
import { safeSends } from '../protocol/sendLimit.js';
import { advanceSession, type Session } from '../protocol/session.js';
import { Reporter } from './observer.js';
import { SessionKeeper } from '../sessions/sessionKeeper.js';
import { within } from '../util/within.js';

/** Discord's usual interval, for sums made before the first HELLO. */
const USUAL_HEARTBEAT_INTERVAL_MS = 41_250;

const PING_TIMEOUT_MS = 10_000;

/** What is known of the heartbeat. Times in milliseconds. */
export interface Heart {
  /** Of the last HELLO; null before the first. */
  readonly interval: number | null;
  readonly latency: number | null;
  /** When the last heartbeat left, since the epoch. */
  readonly lastBeatAt: number | null;
  readonly lastAckAt: number | null;
  /** Heartbeats of this connection, sent and acknowledged. */
  readonly beats: number;
  readonly acknowledged: number;
}

/** Permits of this connection; all 0 while there is none. */
export interface Bucket {
  readonly capacity: number;
  readonly available: number;
  readonly presencesAvailable: number;
}

export interface ShardStats extends WireStats {
  readonly listenerErrors: number;
}

/**
 * One shard: a face on the chart `shardMachine`. What it does next is decided there; here events become listeners' calls
 * and promises. Made by {@link createShard}.
 */
export class Shard implements AsyncDisposable {
  readonly id: number;
  readonly total: number;
  /** The XState actor itself: `subscribe`, `getSnapshot`, `system`. */
  readonly actor: Actor<typeof shardMachine>;

  readonly #emitter: Emitter<ShardEvents>;
  readonly #desk: RequestDesk;
  readonly #assembly: Assembly;
  readonly #outbox: Outbox;
  readonly #waiters = { connected: new Waiters(), offline: new Waiters() };
  readonly #reporter: Reporter;
  readonly #commands: Commands;
  #listenerErrors = 0;

  constructor(options: ShardOptions) {
    const resolved = resolveOptions(options);
    this.id = resolved.id;
    this.total = resolved.total;
    const logger = new GuardedLogger(`shard ${this.id}`, resolved);
    const failed = (event: string, error: unknown) => {
      this.#listenerErrors += 1;
      logger.error(`a listener of "${event}" failed: ${error instanceof Error ? error.stack : String(error)}`);
    };
    this.#emitter = new Emitter(failed);
    this.#desk = new RequestDesk({
      send: (payload, sendOptions) => this.send(payload, sendOptions),
      userId: userIdOf(resolved.token),
      failed,
    });
    const keeper = new SessionKeeper(resolved.sessionStore, this.id, (message) => logger.error(message));
    this.#outbox = new Outbox(resolved.queueMax, {
      queue: (ticket) => this.#commands.send({ type: 'send', ticket }),
      cancel: (id) => this.#commands.send({ type: 'send.cancel', id }),
    });
    const rejectPending = (error: unknown) => {
      this.#outbox.rejectAll(error);
      this.#desk.down(error);
    };
    this.#assembly = assemble(resolved, {
      emitter: this.#emitter,
      desk: this.#desk,
      outbox: this.#outbox,
      keeper,
      logger,
    });
    this.actor = this.#assembly.actor;
    this.#reporter = new Reporter({
      actor: this.actor,
      wire: this.#assembly.wire,
      emitter: this.#emitter,
      rejectPending,
      keeper,
      waiters: this.#waiters,
      logger,
    });
    this.#commands = new Commands({
      actor: this.actor,
      waiters: this.#waiters,
      fatal: () => this.#reporter.fatal,
      rejectPending,
      flushed: () => keeper.flushed(resolved.timeouts.closeMs),
    });
    this.actor.start();
  }

  /** Where the shard is in its life: one of the six lifecycle states. */
  get state(): Lifecycle {
    return lifecycleOf(this.actor.getSnapshot());
  }

  /** The session under way with its latest sequence, as a RESUME needs it; null where there is none. */
  get session(): Session | null {
    return advanceSession(this.actor.getSnapshot().context.session, this.#assembly.wire.sequence);
  }

  /** `s` of the last dispatch, or null. */
  get sequence(): number | null {
    return this.session?.sequence ?? null;
  }

  /** Milliseconds between the last heartbeat and its ack; null before the first ack. */
  get latency(): number | null {
    return this.#reporter.latency;
  }

  /**
   * The last 50 transition records, oldest first; always on. It replays (`replayAudit`), and an audit log that is attached
   * late begins with it.
   */
  get history(): readonly TransitionRecord[] {
    return this.#reporter.history.toArray();
  }

  get heart(): Heart {
    const { children, context } = this.actor.getSnapshot();
    const heartbeat = children.heartbeat?.getSnapshot().context;
    return {
      interval: context.heartbeatIntervalMs === 0 ? null : context.heartbeatIntervalMs,
      latency: this.#reporter.latency,
      lastBeatAt: this.#reporter.lastBeatAt,
      lastAckAt: this.#reporter.lastAckAt,
      beats: heartbeat?.beats ?? 0,
      acknowledged: heartbeat?.acknowledged ?? 0,
    };
  }

  get bucket(): Bucket {
    const bucket = this.actor.getSnapshot().children.bucket?.getSnapshot().context;
    return {
      capacity: bucket?.capacity ?? 0,
      available: bucket?.free.length ?? 0,
      presencesAvailable: bucket?.freePresence.length ?? 0,
    };
  }

  /** What waits to be sent. */
  get queue(): { readonly size: number; readonly max: number } {
    return { size: this.#outbox.size, max: this.#outbox.max };
  }

  get stats(): ShardStats {
    return { ...this.#assembly.wire.stats, listenerErrors: this.#listenerErrors };
  }

  /** Whether a WebSocket is open and wanted. */
  isOpen(): boolean {
    return this.#assembly.wire.connection?.isOpen === true && this.actor.getSnapshot().matches({ Online: 'link' });
  }

  /** Sends a minute that are safe beside the heartbeats. */
  calculateSafeRequests(): number {
    return safeSends(this.heart.interval ?? USUAL_HEARTBEAT_INTERVAL_MS);
  }

  /** Adds a listener. What it throws is reported to the logger and disturbs nothing. */
  on<Name extends keyof ShardEvents>(name: Name, listener: (value: ShardEvents[Name]) => unknown): this {
    this.#emitter.add(name, listener, false);
    return this;
  }

  /** Adds a listener for the next time only. */
  once<Name extends keyof ShardEvents>(name: Name, listener: (value: ShardEvents[Name]) => unknown): this {
    this.#emitter.add(name, listener, true);
    return this;
  }

  off<Name extends keyof ShardEvents>(name: Name, listener: (value: ShardEvents[Name]) => unknown): this {
    this.#emitter.remove(name, listener);
    return this;
  }

  /**
   * Goes up: resumes the session where there is one (from the options, the store or before), identifies otherwise.
   * Resolves when Connected, at once if it already is. While the gateway cannot be reached it stays pending.
   * Rejects with a FatalShardError `FATAL` when the gateway refuses for good, with a ShardError `CLOSED` when the shard
   * goes down instead.
   */
  connect(): Promise<void> {
    return this.#commands.goUp({ type: 'connect', session: null });
  }

  /**
   * Goes up with a new session, whatever session there was. Resolves when Connected, at once if it already is.
   * Rejects as `connect` does.
   */
  identify(): Promise<void> {
    return this.#commands.goUp({ type: 'identify' });
  }

  /**
   * Goes up within the session: rejects with a ShardError `NO_SESSION` where there is none to resume, and otherwise as
   * `connect` does. Should the gateway have forgotten the session, a new one follows, as after every op 9.
   */
  resume(): Promise<void> {
    return this.#commands.resume();
  }

  /** Drops the connection and resumes; goes up where there is none. Resolves when Connected again, rejects as `connect` does. */
  reconnect(): Promise<void> {
    return this.#commands.goUp({ type: 'reconnect' });
  }

  /** Drops the session and identifies at the first URL. Resolves when Connected again, rejects as `connect` does. */
  reinstantiate(): Promise<void> {
    return this.#commands.goUp({ type: 'reinstantiate' });
  }

  /**
   * Drops the connection as if it were lost: the chart decides what follows. Does nothing where there is none.
   * 1000 and 1001 end the session; any other code keeps it. Default 4900.
   * @throws ShardError `INVALID_OPTION` for a code a client may not close with.
   */
  disconnect({
    code = RESUMABLE_CLOSE,
    reason = 'disconnect requested',
  }: { code?: number; reason?: string } = {}): void {
    checkClose(code, reason);
    this.#commands.send({ type: 'disconnect', code, reason });
  }

  /**
   * Goes down and stays down until `connect()`. 1000 (the default) and 1001 end the session; any other code keeps it.
   * What waits to be sent is refused. Resolves when Offline.
   * @throws ShardError `INVALID_OPTION`
   */
  async close({ code = 1000, reason = 'close requested' }: { code?: number; reason?: string } = {}): Promise<void> {
    checkClose(code, reason);
    this.#commands.goDown({ type: 'close', code, reason });
    return this.#commands.offline();
  }

  /**
   * Goes down for good: closes, saves or deletes the session, stops the actor. Nothing is left running.
   * With `resumable`, or a `code` other than 1000 and 1001, the session is kept, for a process that comes after this one.
   * @throws ShardError `INVALID_OPTION`
   */
  async shutdown({
    resumable = false,
    code = resumable ? RESUMABLE_CLOSE : 1000,
    reason = 'shutdown requested',
  }: { resumable?: boolean; code?: number; reason?: string } = {}): Promise<void> {
    checkClose(code, reason);
    return this.#commands.shutdown(code, reason);
  }

  /**
   * Goes down before it returns, without waiting for the peer: for signal handlers. (From within one of the shard's own
   * listeners, right after that.) The session is kept unless the code is 1000 or 1001. Default 4900.
   * @throws ShardError `INVALID_OPTION`
   */
  forceClose(code: number = RESUMABLE_CLOSE): void {
    const reason = 'forced close requested';
    checkClose(code, reason);
    this.#commands.goDown({ type: 'abort', code, reason });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Sends a payload when its turn comes: once Connected, within the rate limits, priority first and then in order. It
   * waits through reconnects. Resolves once it is written to the socket.
   * @throws ShardError `INVALID_PAYLOAD`, `PAYLOAD_TOO_LARGE`, `QUEUE_FULL`, `CLOSED`; FatalShardError; the signal's reason
   */
  async send(payload: SendPayload, options?: SendOptions): Promise<void> {
    const down = this.#commands.downForGood();
    if (down !== null) throw down;
    return this.#outbox.send(payload, options);
  }

  /**
   * Shows the bot as this; at most 5 in 20 s leave, the others wait.
   *
   * See [Discord Docs/Update Presence](https://docs.discord.com/developers/events/gateway-events#update-presence).
   * @throws ShardError `INVALID_PAYLOAD` and what `send` throws.
   */
  async updatePresence(presence: Presence, options?: SendOptions): Promise<void> {
    return this.send({ op: Opcode.PresenceUpdate, d: checkPresence(presence) }, options);
  }

  /**
   * Asks for members of a guild and resolves with all of them: `query: ''` with `limit: 0` for everyone (which needs the
   * intent GuildMembers), or up to 100 `user_ids`. Where it is RATE_LIMITED it waits and asks again, up to three times.
   * Like every request it waits for its turn as `send` does, and then at most `timeout` (10 s) for each chunk; it outlives
   * a reconnect that resumes.
   *
   * See [Discord Docs/Request Guild Members](https://docs.discord.com/developers/events/gateway-events#request-guild-members).
   * @throws ShardError `INVALID_PAYLOAD`, `INVALID_OPTION`, `TIMED_OUT`, `RATE_LIMITED`, `SESSION_LOST` and what `send` throws
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    return requestGuildMembers(this.#desk, request, options);
  }

  /**
   * The same, chunk by chunk as they come; it asks when the loop begins. Leaving the loop gives the request up.
   * @throws as `requestGuildMembers`, from the loop
   */
  requestGuildMembersIterator(
    request: GatewayRequestGuildMembersData,
    options?: RequestOptions,
  ): AsyncGenerator<GatewayGuildMembersChunkDispatchData, void, undefined> {
    return requestGuildMembersIterator(this.#desk, request, options);
  }

  /**
   * Joins, moves, mutes or leaves a voice channel. Resolves with the bot's own VOICE_STATE_UPDATE and, with `server`, the
   * guild's VOICE_SERVER_UPDATE. (It needs the intent GuildVoiceStates; a bot that may not join gets no answer.)
   *
   * See [Discord Docs/Update Voice State](https://docs.discord.com/developers/events/gateway-events#update-voice-state).
   * @throws as `requestGuildMembers`
   */
  updateVoiceState<Server extends boolean = false>(
    update: GatewayVoiceStateUpdateData,
    options?: VoiceStateOptions<Server>,
  ): Promise<VoiceStateAnswer<Server>> {
    return updateVoiceState(this.#desk, update, options);
  }

  /**
   * Asks for the soundboards of guilds. Resolves with the sounds of each by its id once all have answered.
   *
   * See [Discord Docs/Request Soundboard Sounds](https://docs.discord.com/developers/events/gateway-events#request-soundboard-sounds).
   * @throws as `requestGuildMembers`
   */
  requestSoundboardSounds(guildIds: readonly string[], options?: RequestOptions): Promise<SoundboardSounds> {
    return requestSoundboardSounds(this.#desk, guildIds, options);
  }

  /**
   * Asks for `fields` (`status`, `voice_start_time`) of a guild's voice channels. Resolves with its CHANNEL_INFO, which
   * names the guild only: ask for one thing of a guild at a time.
   *
   * See [Discord Docs/Request Channel Info](https://docs.discord.com/developers/events/gateway-events#request-channel-info).
   * @throws as `requestGuildMembers`
   */
  requestChannelInfo(
    request: GatewayRequestChannelInfoData,
    options?: RequestOptions,
  ): Promise<GatewayChannelInfoDispatchData> {
    return requestChannelInfo(this.#desk, request, options);
  }

  /**
   * Every dispatch from now on, for `for await`: those of the `events` option only, where there is one. It goes on through
   * reconnects and `close()`, ends on `shutdown()` and throws on `fatal`. Leaving the loop ends it.
   * @throws ShardError `INVALID_OPTION` at once; from the loop `BUFFER_OVERFLOW`, FatalShardError, the signal's reason
   */
  events(options?: EventStreamOptions): EventStream {
    const source = {
      onEvent: (listener: (payload: GatewayDispatchPayload) => void) => this.#emitter.listen('dispatch', listener),
      onDown: (listener: () => void) => this.#desk.answers.listen('down', listener),
      downForGood: () => this.#commands.downForGood(),
    };
    return openEventStream(source, options);
  }

  /**
   * The round trip of a WebSocket ping, in milliseconds. Unlike `latency` it is measured now.
   * @throws ShardError `NOT_CONNECTED`; `TIMED_OUT` after 10 s.
   */
  ping(): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      const { connection } = this.#assembly.wire;
      if (!connection?.isOpen) return reject(notConnected());
      connection.ping((roundTripMs) => (roundTripMs === null ? reject(notConnected()) : resolve(roundTripMs)));
    });
    return within(PING_TIMEOUT_MS, answered, 'pong');
  }
}

const notConnected = () =>
  new ShardError('NOT_CONNECTED', 'There is no open connection to ping. Await connect() first.');

/**
 * Creates a shard. It does nothing until `connect()`.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`: what is wrong with the options, at once.
 */
export function createShard(options: ShardOptions): Shard {
  return new Shard(options);
}
