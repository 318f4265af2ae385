import type { Socket } from 'node:net';
import type {
  APIGuildMember,
  APIUser,
  GatewayGuildCreateDispatchData,
  GatewayMessageCreateDispatchData,
} from 'discord-api-types/v10';
import { Opcode } from '../protocol/opcodes.js';
import { isSnowflake, shardIdFor } from '../protocol/sharding.js';
import { Connection } from './connection/connection.js';
import { dispatchPayload } from './connection/dispatchPayload.js';
import type { GatewaySocket } from './connection/gatewaySocket.js';
import { IdentifyGate, type SessionStartLimit } from './connection/identifyGate.js';
import { MembersGate } from './connection/membersGate.js';
import { receive } from './connection/receive.js';
import type { Session, SimulatedSession } from './connection/session.js';
import { SessionBook } from './connection/sessionBook.js';
import type { SimulatedConnection } from './connection/simulatedConnection.js';
import { checkAction } from './faults/checkFault.js';
import { FaultCalls } from './faults/faultCalls.js';
import { FaultQueue } from './faults/faultQueue.js';
import type { ConnectionAction, Fault, LoseSession } from './faults/faults.js';
import { type Gateway, RESUME_PATH } from './gateway.js';
import { serveApi } from './http/api.js';
import { HttpServer } from './http/httpServer.js';
import { type UpgradeRequest, Upgrades } from './http/upgrades.js';
import type { SampleGuild, SimulatorOptions } from './options.js';
import { FrameWaiters } from './records/frameWaiters.js';
import { Recorder } from './records/recorder.js';
import type { IdentifyRecord, LogEntry, RecordedFrame, Violation } from './records/records.js';
import { type ResolvedOptions, resolveOptions } from './resolveOptions.js';
import { type MemberFields, type MessageFields, Samples } from './samples/samples.js';
import { SimulatorError } from './simulatorError.js';
import { Timers } from './timers.js';
import { handled } from '../util/handled.js';

/**
 * Starts a strict local Discord gateway and resolves once it listens.
 *
 * The simulator enforces Discord's rules, records every frame, and commits faults on demand. It keeps the process alive until
 * it is closed.
 *
 * @example
 * ```ts
 * await using simulator = await createGatewaySimulator({ heartbeatInterval: 1_000 });
 * // connect a bot to simulator.url, or let it ask simulator.apiUrl
 * simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: 'hello' }));
 * simulator.next({ at: 'resume', invalidSession: false });
 * simulator.reset();
 * ```
 * See [Discord Docs/Gateway](https://docs.discord.com/developers/events/gateway).
 * @throws {@link SimulatorError} `INVALID_OPTION` for a wrong option, `INVALID_FAULT` for a wrong fault in `script`, `LISTEN_FAILED`
 * where the port cannot be used.
 */
export function createGatewaySimulator(options: SimulatorOptions = {}): Promise<GatewaySimulator> {
  return handled(listen(options));
}

async function listen(options: SimulatorOptions): Promise<GatewaySimulator> {
  const resolved = resolveOptions(options);
  const faults = new FaultQueue();
  for (const fault of options.script ?? []) faults.add(fault);
  const server = await HttpServer.listen(resolved.host, resolved.port);
  return new GatewaySimulator(server, resolved, faults);
}

/** Running simulator. Its fault methods return how many connections they struck. */
export class GatewaySimulator extends FaultCalls<[shardId?: number], number> {
  /** First gateway URL: `ws://HOST:PORT`. */
  readonly url: string;
  /** `resume_gateway_url` of READY: the same server with the path `/resume`. RESUME is accepted at both URLs. */
  readonly resumeUrl: string;
  /** HTTP API with the version, which shardchart takes: `http://HOST:PORT/api/v10`. */
  readonly apiUrl: string;
  /** HTTP API without the version, which REST clients such as \@discordjs/rest take: `http://HOST:PORT/api`. */
  readonly apiBase: string;

  readonly #server: HttpServer;
  readonly #gateway: Gateway;
  readonly #connections: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #waiters: FrameWaiters;
  readonly #samples: Samples;
  #revive: (() => void) | null = null;

  /** @internal Use {@link createGatewaySimulator}. */
  constructor(server: HttpServer, given: ResolvedOptions, faults: FaultQueue) {
    super();
    this.#samples = new Samples(given);
    const options = { ...given, guilds: this.#samples.guilds };
    const host = options.host.includes(':') ? `[${options.host}]` : options.host;
    this.url = `ws://${host}:${server.port}`;
    this.resumeUrl = `${this.url}${RESUME_PATH}`;
    this.apiBase = `http://${host}:${server.port}/api`;
    this.apiUrl = `${this.apiBase}/v10`;
    this.#server = server;
    this.#gateway = {
      options,
      faults,
      recorder: new Recorder(options),
      sessions: new SessionBook(options),
      identifyGate: new IdentifyGate(options, options.now()),
      membersGate: new MembersGate(options.membersWindow),
      timers: new Timers(),
      url: this.url,
    };
    this.#waiters = new FrameWaiters(this.#gateway.recorder, this.#gateway.timers);
    const upgrades = new Upgrades(this.#gateway, (request, socket, tcp) => this.#connect(request, socket, tcp));
    server.serve(
      (request, response) => serveApi(this.#gateway, request, response),
      (request, tcp, head) => upgrades.handle(request, tcp, head),
    );
  }

  /** Connections since the start, open and closed, in the order of the upgrades. */
  get connections(): readonly SimulatedConnection[] {
    return this.#connections;
  }

  /** Recorded frames so far, in order. Each read returns a new array. */
  get frames(): readonly RecordedFrame[] {
    return this.#gateway.recorder.frames;
  }

  /** HTTP requests, upgrades, closes and faults so far, in order. */
  get log(): readonly LogEntry[] {
    return this.#gateway.recorder.log;
  }

  /** Rules that clients broke so far, in order. A correct client breaks none, whatever faults it meets. */
  get violations(): readonly Violation[] {
    return this.#gateway.recorder.violations;
  }

  /** IDENTIFYs that counted against the limits so far, in order. */
  get identifies(): readonly IdentifyRecord[] {
    return this.#gateway.recorder.identifies;
  }

  /** Remaining `session_start_limit`; `resetAfter` is in milliseconds. */
  get budget(): SessionStartLimit {
    return this.#gateway.identifyGate.budget(this.#gateway.options.now());
  }

  /** Sessions that are open or can still be resumed, by id. */
  get sessions(): ReadonlyMap<string, SimulatedSession> {
    return new Map(this.#gateway.sessions.all().map((session) => [session.id, session]));
  }

  /** Guilds of the option `guilds`, with the defaults of the fields that were left out. */
  get guilds(): readonly SampleGuild[] {
    return this.#samples.guilds;
  }

  /** Faults that have not struck yet, or may strike again. */
  get pendingFaults(): readonly Fault[] {
    return this.#gateway.faults.list();
  }

  /**
   * Sends a dispatch to the sessions of a shard, or of all shards where `shardId` is left out. A session without a
   * connection keeps it for replay.
   *
   * See [Discord Docs/Receive Events](https://docs.discord.com/developers/events/gateway-events#receive-events).
   * @returns Number of sessions that got the dispatch.
   * @throws {@link SimulatorError} `INVALID_ARGUMENT` where `t` is not a name, or JSON cannot represent `d`.
   */
  dispatch(t: string, d: unknown, shardId?: number): number {
    return this.#dispatch(t, d, this.#sessionsOf(shardId));
  }

  /**
   * Sends a dispatch to every session whose shard has the guild `d.guild_id`. Where sessions have several totals, each total
   * has one such shard.
   *
   * See [Discord Docs/Sharding](https://docs.discord.com/developers/events/gateway#sharding).
   * @returns Number of sessions that got the dispatch.
   * @throws {@link SimulatorError} `INVALID_ARGUMENT` where `t` is not a name, `d.guild_id` is not a snowflake, or JSON cannot
   * represent `d`.
   */
  dispatchToGuild<D extends { readonly guild_id?: string | undefined }>(t: string, d: D): number {
    const { guild_id: guildId } = d;
    if (!isSnowflake(guildId)) {
      throw new SimulatorError('INVALID_ARGUMENT', '`d.guild_id` must be a snowflake: a string of digits.', guildId);
    }
    const all = this.#gateway.sessions.all();
    const sessions = all.filter(({ shardId, total }) => shardIdFor(guildId, total) === shardId);
    return this.#dispatch(t, d, sessions);
  }

  /** Returns an id that the simulator has not returned before. Ids increase, and have the time of their making. */
  snowflake(): string {
    return this.#samples.snowflake();
  }

  /** Returns a user with a new id. Fields that are given replace the defaults. */
  user(fields?: Partial<APIUser>): APIUser {
    return this.#samples.user(fields);
  }

  /** Returns a member without a role, and its user. Fields that are given replace the defaults. */
  member(fields?: MemberFields): APIGuildMember {
    return this.#samples.member(fields);
  }

  /**
   * Returns the `d` of a GUILD_CREATE: a guild that the bot joins, with the fields that {@link SampleGuild} describes.
   *
   * @example `simulator.dispatch('GUILD_CREATE', simulator.guild({ name: 'chess club' }));`
   */
  guild(fields?: Partial<SampleGuild>): GatewayGuildCreateDispatchData {
    return this.#samples.guild(fields);
  }

  /**
   * Returns the `d` of a MESSAGE_CREATE: by default a message of a user, in a channel of the first guild of the option
   * `guilds`. Where there is no guild, or `guild_id` is null, it is a direct message. Fields that are given replace the defaults.
   *
   * @example `simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));`
   */
  message(fields?: MessageFields): GatewayMessageCreateDispatchData {
    return this.#samples.message(fields);
  }

  /**
   * Adds a fault that strikes when its occasion comes. The returned function removes it.
   *
   * @throws {@link SimulatorError} `INVALID_FAULT` where the occasion is unknown, or does not know the action or one of the fields.
   */
  next(fault: Fault): () => void {
    return this.#gateway.faults.add(fault);
  }

  /** Removes every fault that is still to come, and revives the resume URL. */
  clearFaults(): void {
    this.#gateway.faults.clear();
    this.#revive = null;
  }

  override apply(action: ConnectionAction, shardId?: number): number {
    checkAction(action);
    if ('loseSession' in action) return this.#loseSessions(action, shardId);
    const struck = [...this.#open].filter((connection) => shardId === undefined || connection.shardId === shardId);
    return struck.filter((connection) => connection.apply(action)).length;
  }

  /** Refuses every connection to the resume URL from now on: with this HTTP status, or by default with a TCP reset. */
  killResumeUrl(status?: number): void {
    this.reviveResumeUrl();
    const action = status === undefined ? ({ reset: true } as const) : { refuse: status };
    this.#revive = this.next({ at: 'upgrade', url: 'resume', times: Infinity, ...action });
  }

  /** Undoes {@link GatewaySimulator.killResumeUrl}. */
  reviveResumeUrl(): void {
    this.#revive?.();
    this.#revive = null;
  }

  /**
   * Calls a listener with every frame as it is sent or received, even where `record` is false. The returned function removes
   * the listener. A test can use it to answer requests for guilds that the simulator does not have.
   */
  onFrame(listener: (frame: RecordedFrame) => void): () => void {
    return this.#gateway.recorder.onFrame(listener);
  }

  /**
   * Resolves with the first recorded frame that matches, or else with the next one that comes within `timeout` milliseconds
   * (default 5 000).
   *
   * @throws {@link SimulatorError} `TIMEOUT` where no frame came in time, `CLOSED` where the simulator was closed first.
   */
  waitForFrame(matches: (frame: RecordedFrame) => boolean, { timeout = 5_000 } = {}): Promise<RecordedFrame> {
    return handled((async () => this.frames.find(matches) ?? this.#waiters.wait(matches, timeout))());
  }

  /** Drops every connection and resolves when the port is free. The simulator no longer keeps the process alive then. */
  close(): Promise<void> {
    this.#gateway.timers.clear();
    this.#waiters.rejectAll(new SimulatorError('CLOSED', 'The simulator was closed before a frame matched.'));
    for (const connection of this.#open) connection.heartbeats.stop();
    return handled(this.#server.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connect(request: UpgradeRequest, socket: GatewaySocket, tcp: Socket): number {
    const id = this.#connections.length + 1;
    const connection = new Connection(this.#gateway, { id, ...request }, socket, tcp);
    this.#connections.push(connection);
    this.#open.add(connection);
    socket.on('message', (data: Buffer) => receive(this.#gateway, connection, data));
    socket.on('close', () => this.#open.delete(connection));
    const { v } = request.query;
    if (v === '10' || v === '9') {
      const { heartbeatInterval } = this.#gateway.options;
      const hello = { heartbeat_interval: heartbeatInterval, _trace: [] };
      connection.send(Opcode.Hello, hello, 'hello', () => connection.heartbeats.start());
    } else
      connection.refuse({
        rule: 'invalid API version',
        code: 4012,
        detail: 'the query parameter v is neither 10 nor 9',
      });
    return id;
  }

  #dispatch(t: string, d: unknown, sessions: readonly Session[]): number {
    const payload = dispatchPayload(t, d);
    for (const session of sessions) session.dispatch(payload);
    return sessions.length;
  }

  #loseSessions(action: LoseSession, shardId: number | undefined): number {
    const sessions = this.#sessionsOf(shardId);
    for (const session of sessions) {
      session.holder?.apply(action);
      this.#gateway.sessions.forget(session);
    }
    return sessions.length;
  }

  #sessionsOf(shardId: number | undefined): Session[] {
    const { sessions } = this.#gateway;
    return shardId === undefined ? sessions.all() : sessions.ofShard(shardId);
  }
}
