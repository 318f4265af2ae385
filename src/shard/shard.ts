import type {
  GatewayChannelInfoDispatchData,
  GatewayDispatchPayload,
  GatewayGuildMembersChunkDispatchData,
  GatewayRequestChannelInfoData,
  GatewayRequestGuildMembersData,
  GatewayVoiceStateUpdateData,
} from 'discord-api-types/v10';
import type { Actor } from 'xstate';
import { inspect } from 'node:util';
import { lifecycleOf, type Lifecycle } from '../../machines/lifecycle.js';
import type { shardMachine } from '../../machines/shard.js';
import type { WireStats } from '../actors/wire.js';
import { assemble, type AssembleOptions, type Assembly } from './assemble.js';
import { checkClose, resolveShutdown, type ShutdownOptions } from './closeOptions.js';
import { requestChannelInfo } from './requests/channelInfo.js';
import { requestGuildMembers, requestGuildMembersIterator, type GuildMembers } from './requests/guildMembers.js';
import type { RequestOptions } from './requests/request.js';
import { requestSoundboardSounds, type SoundboardSounds } from './requests/soundboardSounds.js';
import { updateVoiceState, type VoiceStateAnswer, type VoiceStateOptions } from './requests/voiceState.js';
import type { TransitionRecord } from './events.js';
import { openEventStream, type EventStream, type EventStreamOptions } from './eventStream.js';
import { resolveOptions, type ShardOptions } from './options.js';
import type { SendOptions, SendPayload } from './sendQueue.js';
import { ShardListeners } from './shardListeners.js';
import { checkPresence, type Presence } from './presence.js';
import { RESUMABLE_CLOSE } from '../protocol/closeCodes.js';
import { Opcode } from '../protocol/opcodes.js';
import { safeSends, USUAL_HEARTBEAT_INTERVAL_MS } from '../protocol/sendLimit.js';
import { advanceSession, type Session } from '../protocol/session.js';
import { bucketOf, heartOf, type Bucket, type Heart } from './heart.js';
import { ping } from './ping.js';

export interface ShardStats extends WireStats {
  readonly listenerErrors: number;
}

/**
 * One shard: a face on the chart `shardMachine`. What it does next is decided there; here events become listeners' calls
 * and promises. Made by {@link createShard}.
 */
export class Shard extends ShardListeners implements AsyncDisposable {
  readonly id: number;
  readonly total: number;
  /** The XState actor itself: `subscribe`, `getSnapshot`, `system`. */
  readonly actor: Actor<typeof shardMachine>;

  readonly #assembly: Assembly;

  constructor(options: ShardOptions, assembleOptions?: AssembleOptions) {
    const resolved = resolveOptions(options);
    const assembly = assemble(resolved, assembleOptions);
    super(assembly.emitter, assembly.logger, assembly.guard);
    this.id = resolved.id;
    this.total = resolved.total;
    this.#assembly = assembly;
    this.actor = assembly.actor;
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
    return this.#assembly.observer.latency;
  }

  /**
   * The last 50 transition records, oldest first; always on. It replays (`replayAudit`), and an audit log that is attached
   * late begins with it.
   */
  get history(): readonly TransitionRecord[] {
    return this.#assembly.observer.history.toArray();
  }

  /** The heartbeat's interval, latency and counts. */
  get heart(): Heart {
    return heartOf(this.actor.getSnapshot(), this.#assembly.observer);
  }

  /** The permits of this connection. */
  get bucket(): Bucket {
    return bucketOf(this.actor.getSnapshot());
  }

  /** What waits to be sent. */
  get queue(): { readonly size: number; readonly max: number } {
    return { size: this.#assembly.sendQueue.size, max: this.#assembly.sendQueue.max };
  }

  get stats(): ShardStats {
    return { ...this.#assembly.wire.stats, listenerErrors: this.#assembly.listenerErrors };
  }

  /** Whether a WebSocket is open and wanted. */
  isOpen(): boolean {
    return this.#assembly.wire.connection?.isOpen === true && this.actor.getSnapshot().matches({ Online: 'link' });
  }

  /** Sends a minute that are safe beside the heartbeats. */
  calculateSafeRequests(): number {
    return safeSends(this.heart.interval ?? USUAL_HEARTBEAT_INTERVAL_MS);
  }

  /**
   * Goes up: resumes the session where there is one (from the options, the store or before), identifies otherwise.
   * Resolves when Connected, at once if it already is. While the gateway cannot be reached it stays pending.
   * Rejects with a FatalShardError `FATAL` when the gateway refuses for good, with a ShardError `CLOSED` when the shard
   * goes down instead.
   */
  connect(): Promise<void> {
    return this.#assembly.commands.goUp({ type: 'connect', session: null });
  }

  /**
   * Goes up with a new session, whatever session there was. Resolves when Connected, at once if it already is.
   * Rejects as `connect` does.
   */
  identify(): Promise<void> {
    return this.#assembly.commands.goUp({ type: 'identify' });
  }

  /**
   * Goes up within the session: rejects with a ShardError `NO_SESSION` where there is none to resume, and otherwise as
   * `connect` does. Should the gateway have forgotten the session, a new one follows, as after every op 9.
   */
  resume(): Promise<void> {
    return this.#assembly.commands.resume();
  }

  /** Drops the connection and resumes; goes up where there is none. Resolves when Connected again, rejects as `connect` does. */
  reconnect(): Promise<void> {
    return this.#assembly.commands.goUp({ type: 'reconnect' });
  }

  /** Drops the session and identifies at the first URL. Resolves when Connected again, rejects as `connect` does. */
  reinstantiate(): Promise<void> {
    return this.#assembly.commands.goUp({ type: 'reinstantiate' });
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
    this.#assembly.guard.check(() => checkClose(code, reason));
    this.#assembly.commands.send({ type: 'disconnect', code, reason });
  }

  /**
   * Goes down and stays down until `connect()`. 1000 (the default) and 1001 end the session; any other code keeps it.
   * What waits to be sent is refused. Resolves when Offline.
   * @throws ShardError `INVALID_OPTION`
   */
  close({ code = 1000, reason = 'close requested' }: { code?: number; reason?: string } = {}): Promise<void> {
    return this.#assembly.guard.run(async () => {
      checkClose(code, reason);
      this.#assembly.commands.goDown({ type: 'close', code, reason });
      await this.#assembly.commands.offline();
    });
  }

  /**
   * Goes down for good: closes, saves or deletes the session, stops the actor. Nothing is left running.
   * With `resumable`, or a `code` other than 1000 and 1001, the session is kept, for a process that comes after this one.
   * @throws ShardError `INVALID_OPTION`
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    return this.#assembly.guard.run(async () => {
      const { code, reason } = resolveShutdown(options);
      await this.#assembly.commands.shutdown(code, reason);
    });
  }

  /**
   * Goes down before it returns, without waiting for the peer: for signal handlers. (From within one of the shard's own
   * listeners, right after that.) The session is kept unless the code is 1000 or 1001. Default 4900.
   * @throws ShardError `INVALID_OPTION`
   */
  forceClose(code: number = RESUMABLE_CLOSE): void {
    const reason = 'forced close requested';
    this.#assembly.guard.check(() => checkClose(code, reason));
    this.#assembly.commands.goDown({ type: 'abort', code, reason });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /**
   * Sends a payload when its turn comes: once Connected, within the rate limits, priority first and then in order. It
   * waits through reconnects. Resolves once it is written to the socket.
   * @throws ShardError `NOT_CONNECTED` before `connect()` and after `close()`; `INVALID_PAYLOAD`, `PAYLOAD_TOO_LARGE`, `QUEUE_FULL`, `CLOSED`; FatalShardError; the signal's reason
   */
  send(payload: SendPayload, options?: SendOptions): Promise<void> {
    return this.#assembly.guard.run(() => this.#assembly.send(payload, options));
  }

  /**
   * Shows the bot as this; at most 5 in 20 s leave, the others wait.
   *
   * See [Discord Docs/Update Presence](https://docs.discord.com/developers/events/gateway-events#update-presence).
   * @throws ShardError `INVALID_PAYLOAD` and what `send` throws.
   */
  updatePresence(presence: Presence, options?: SendOptions): Promise<void> {
    const { guard, send } = this.#assembly;
    return guard.run(async () => send({ op: Opcode.PresenceUpdate, d: checkPresence(presence) }, options));
  }

  /**
   * Asks for members of a guild and resolves with all of them: `query: ''` with `limit: 0` for everyone (which needs the
   * intent GuildMembers, once a guild in 30 s: a second request waits, an equal one under way shares its answer), a prefix
   * (100 at most), or up to 100 `user_ids`. Where it is RATE_LIMITED it waits and asks again, up to three times. Like every request it waits for its turn as `send` does, and then at most `timeout` (10 s) for each chunk; it outlives
   * a reconnect that resumes.
   *
   * See [Discord Docs/Request Guild Members](https://docs.discord.com/developers/events/gateway-events#request-guild-members).
   * @throws ShardError `INVALID_PAYLOAD`, `INVALID_OPTION`, `TIMED_OUT`, `RATE_LIMITED`, `SESSION_LOST` and what `send` throws
   */
  requestGuildMembers(request: GatewayRequestGuildMembersData, options?: RequestOptions): Promise<GuildMembers> {
    const { guard, requests } = this.#assembly;
    return guard.run(() => requestGuildMembers(requests, request, options));
  }

  /**
   * The same, chunk by chunk as they come; it asks when the loop begins. Leaving the loop gives the request up.
   * @throws as `requestGuildMembers`, from the loop
   */
  requestGuildMembersIterator(
    request: GatewayRequestGuildMembersData,
    options?: RequestOptions,
  ): AsyncGenerator<GatewayGuildMembersChunkDispatchData, void, undefined> {
    const { guard, requests } = this.#assembly;
    return guard.iterate(requestGuildMembersIterator(requests, request, options));
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
    const { guard, requests } = this.#assembly;
    return guard.run(() => updateVoiceState(requests, update, options));
  }

  /**
   * Asks for the soundboards of guilds. Resolves with the sounds of each by its id once all have answered.
   *
   * See [Discord Docs/Request Soundboard Sounds](https://docs.discord.com/developers/events/gateway-events#request-soundboard-sounds).
   * @throws as `requestGuildMembers`
   */
  requestSoundboardSounds(guildIds: readonly string[], options?: RequestOptions): Promise<SoundboardSounds> {
    const { guard, requests } = this.#assembly;
    return guard.run(() => requestSoundboardSounds(requests, guildIds, options));
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
    const { guard, requests } = this.#assembly;
    return guard.run(() => requestChannelInfo(requests, request, options));
  }

  /**
   * Every dispatch from now on, for `for await`: those of the `events` option only, where there is one. It goes on through
   * reconnects and `close()`, ends on `shutdown()` and throws on `fatal`. Leaving the loop ends it.
   * @throws ShardError `INVALID_OPTION` at once; from the loop `BUFFER_OVERFLOW`, FatalShardError, the signal's reason
   */
  events(options?: EventStreamOptions): EventStream {
    const source = {
      onEvent: (listener: (payload: GatewayDispatchPayload) => void) =>
        this.#assembly.emitter.listen('dispatch', listener),
      onDown: (listener: () => void) => this.#assembly.requests.answers.listen('down', listener),
      downForGood: () => this.#assembly.commands.downForGood(),
    };
    return this.#assembly.guard.check(() => openEventStream(source, options));
  }

  /**
   * The round trip of a WebSocket ping, in milliseconds. Unlike `latency` it is measured now.
   * @throws ShardError `NOT_CONNECTED`; `TIMED_OUT` after 10 s.
   */
  ping(): Promise<number> {
    return this.#assembly.guard.run(() => ping(this.#assembly.wire));
  }

  /** Shows the shard in one line, for `console.log`. */
  [inspect.custom](): string {
    const { id, total, state, session, sequence, latency } = this;
    const shown = { id, total, state, session: session && `${session.id.slice(0, 4)}…`, sequence, latency };
    return `Shard ${inspect(shown, { breakLength: Infinity })}`;
  }
}

/**
 * Creates a shard. It does nothing until `connect()`.
 * @throws ShardError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION`: what is wrong with the options, at once.
 */
export function createShard(options: ShardOptions): Shard {
  return new Shard(options);
}
