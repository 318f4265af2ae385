import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Opcode } from '../protocol/opcodes.js';
import { isSnowflake, shardIdFor } from '../protocol/sharding.js';
import { serveApi } from './http/api.js';
import { dispatchPayload, dispatchTo, receive } from './connection/clientFrames.js';
import { Connection } from './connection/connection.js';
import { SimulatorError } from './error.js';
import { FaultCalls } from './faults/faultCalls.js';
import { checkAction, FaultQueue } from './faults/faultQueue.js';
import type { ConnectionAction, Fault } from './faults/faults.js';
import { type Gateway, RESUME_PATH } from './gateway.js';
import type { GatewaySocket } from './connection/gatewaySocket.js';
import { IdentifyGate, type SessionStartLimit } from './connection/identifyGate.js';
import { resolveOptions, type Settings, type SimulatorOptions } from './options.js';
import { Recorder } from './records/recorder.js';
import type { IdentifyRecord, LogEntry, RecordedFrame, Violation } from './records/records.js';
import { SessionBook } from './connection/sessionBook.js';
import type { Session, SimulatedSession } from './connection/session.js';
import type { SimulatedConnection } from './connection/simulatedConnection.js';
import { Timers } from './timers.js';
import { type UpgradeRequest, Upgrades } from './http/upgrades.js';

/**
 * Starts a strict local Discord gateway and resolves once it listens.
 *
 * It enforces what Discord enforces, records every frame, and fails on demand. Until it is closed it keeps the process alive.
 *
 * @example
 * ```ts
 * await using simulator = await createGatewaySimulator({ heartbeatInterval: 1_000 });
 * // connect a bot to simulator.url, or let it ask simulator.apiUrl
 * simulator.dispatch('MESSAGE_CREATE', { content: 'hello' });
 * simulator.next({ at: 'resume', invalidSession: false });
 * simulator.reset();
 * ```
 * See [Discord Docs/Gateway](https://docs.discord.com/developers/events/gateway).
 * @throws {@link SimulatorError} `INVALID_OPTION`, `INVALID_FAULT` for one in the script, `LISTEN_FAILED`.
 */
export async function createGatewaySimulator(options: SimulatorOptions = {}): Promise<GatewaySimulator> {
  const settings = resolveOptions(options);
  const faults = new FaultQueue();
  for (const fault of options.script ?? []) faults.add(fault);
  const server = createServer();
  const port = await listen(server, settings);
  return new GatewaySimulator(server, settings, faults, port);
}

/** A running simulator; its faults by call tell how many connections they struck. */
export class GatewaySimulator extends FaultCalls<[shardId?: number], number> {
  /** First gateway URL: `ws://HOST:PORT`. */
  readonly url: string;
  /** URL READY names for resuming: the same server, path `/resume`. RESUME is accepted at either. */
  readonly resumeUrl: string;
  /** Base of the HTTP API: `http://HOST:PORT/api/v10`. */
  readonly apiUrl: string;

  readonly #server: Server;
  readonly #gateway: Gateway;
  readonly #connections: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #sockets = new Set<Socket>();
  readonly #waiters = new Set<(error: SimulatorError) => void>();
  #revive: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  /** @internal Use {@link createGatewaySimulator}. */
  constructor(server: Server, settings: Settings, faults: FaultQueue, port: number) {
    super();
    const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
    this.url = `ws://${host}:${port}`;
    this.resumeUrl = `${this.url}${RESUME_PATH}`;
    this.apiUrl = `http://${host}:${port}/api/v10`;
    this.#server = server;
    this.#gateway = {
      settings,
      faults,
      recorder: new Recorder(settings.record, settings.maxFrames),
      sessions: new SessionBook(settings),
      identifyGate: new IdentifyGate(settings, settings.now()),
      timers: new Timers(),
      url: this.url,
    };
    const upgrades = new Upgrades(this.#gateway, (request, socket, tcp) => this.#connect(request, socket, tcp));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => serveApi(this.#gateway, request, response));
    server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket as Socket, head));
  }

  /** Every connection there ever was, in the order of the upgrades. */
  get connections(): readonly SimulatedConnection[] {
    return this.#connections;
  }

  /** Recorded frames in order, as of now: read it anew for what comes later. */
  get frames(): readonly RecordedFrame[] {
    return this.#gateway.recorder.frames.toArray();
  }

  /** HTTP requests, upgrades, closes and faults in order, as of now. */
  get log(): readonly LogEntry[] {
    return this.#gateway.recorder.log.toArray();
  }

  /** Rules the client broke, in order, as of now; a correct client leaves it empty whatever faults it met. */
  get violations(): readonly Violation[] {
    return this.#gateway.recorder.violations.toArray();
  }

  /** IDENTIFYs that were counted against the limits, in order, as of now. */
  get identifies(): readonly IdentifyRecord[] {
    return this.#gateway.recorder.identifies.toArray();
  }

  /** What is left of `session_start_limit`; `resetAfter` in milliseconds. */
  get budget(): SessionStartLimit {
    return this.#gateway.identifyGate.budget(this.#gateway.settings.now());
  }

  /** Sessions that can still be resumed, by id. */
  get sessions(): ReadonlyMap<string, SimulatedSession> {
    return new Map(this.#gateway.sessions.all().map((session) => [session.id, session]));
  }

  /** Faults still to come. */
  get pendingFaults(): readonly Fault[] {
    return this.#gateway.faults.list();
  }

  /**
   * Sends a dispatch to the sessions of a shard, or of all shards; one whose shard is away keeps it for replay.
   *
   * @returns how many sessions took it.
   * @throws {@link SimulatorError} `INVALID_ARGUMENT` if `t` is no name or `d` cannot be JSON.
   */
  dispatch(t: string, d: unknown, shardId?: number): number {
    return this.#dispatch(t, d, this.#sessionsOf(shardId));
  }

  /**
   * Sends a dispatch to the sessions of the guild `d.guild_id`, as Discord does: of each `total` there is to the one shard
   * that guild belongs to.
   *
   * @returns how many sessions took it.
   * @throws {@link SimulatorError} `INVALID_ARGUMENT`
   */
  dispatchToGuild(t: string, d: { readonly guild_id: string; readonly [field: string]: unknown }): number {
    const { guild_id: guildId } = d;
    if (!isSnowflake(guildId)) {
      throw new SimulatorError('INVALID_ARGUMENT', '`d.guild_id` must be a snowflake (digits).', guildId);
    }
    const { sessions } = this.#gateway;
    return this.#dispatch(
      t,
      d,
      sessions.all().filter(({ shardId, total }) => shardIdFor(guildId, total) === shardId),
    );
  }

  /**
   * Adds a fault for what comes next; the function it returns takes it back.
   *
   * @throws {@link SimulatorError} `INVALID_FAULT`.
   */
  next(fault: Fault): () => void {
    return this.#gateway.faults.add(fault);
  }

  /** Takes back every fault still to come; a dead resume URL stays dead no longer either. */
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

  /** From now on every connection to the resume URL is refused with this HTTP status or, by default, reset. */
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
   * Calls a listener with every frame, recorded or not, as it is sent or received; the function it returns ends that.
   * By it a test can answer requests of guilds the simulator has none of.
   */
  onFrame(listener: (frame: RecordedFrame) => void): () => void {
    return this.#gateway.recorder.onFrame(listener);
  }

  /**
   * Resolves with the first recorded frame that matches, or the first to come within `timeout` milliseconds (default 5 000).
   *
   * @throws {@link SimulatorError} `TIMEOUT`, or `CLOSED` if the simulator closes first.
   */
  waitForFrame(matches: (frame: RecordedFrame) => boolean, { timeout = 5_000 } = {}): Promise<RecordedFrame> {
    const recorded = this.frames.find(matches);
    if (recorded !== undefined) return Promise.resolve(recorded);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        unsubscribe();
        cancel();
        this.#waiters.delete(fail);
      };
      const fail = (error: SimulatorError): void => {
        end();
        reject(error);
      };
      const unsubscribe = this.onFrame((frame) => {
        if (!matches(frame)) return;
        end();
        resolve(frame);
      });
      const cancel = this.#gateway.timers.after(timeout, () =>
        fail(
          new SimulatorError(
            'TIMEOUT',
            `No such frame within ${timeout} ms. Look at \`frames\` for what came.`,
            timeout,
          ),
        ),
      );
      this.#waiters.add(fail);
    });
  }

  /** Drops every connection and resolves when the port is free. Nothing of it keeps the process alive after that. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#gateway.timers.clear();
      for (const fail of this.#waiters)
        fail(new SimulatorError('CLOSED', 'The simulator was closed while you waited.'));
      for (const connection of this.#open) connection.heartbeats.stop();
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closing;
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
      const { heartbeatInterval } = this.#gateway.settings;
      const hello = { heartbeat_interval: heartbeatInterval, _trace: [] };
      connection.send(Opcode.Hello, hello, 'hello', () => connection.heartbeats.start());
    } else connection.refuse({ rule: 'invalid API version', code: 4012, detail: 'v is neither 10 nor 9' });
    return id;
  }

  #dispatch(t: string, d: unknown, sessions: readonly Session[]): number {
    if (typeof t !== 'string' || t === '')
      throw new SimulatorError('INVALID_ARGUMENT', '`t` must be an event name.', t);
    let payload;
    try {
      payload = dispatchPayload(t, d);
    } catch (error) {
      throw new SimulatorError('INVALID_ARGUMENT', '`d` must be something JSON can say.', t, error);
    }
    for (const session of sessions) dispatchTo(session, payload);
    return sessions.length;
  }

  #loseSessions(action: ConnectionAction, shardId: number | undefined): number {
    const sessions = this.#sessionsOf(shardId);
    for (const session of sessions) {
      session.holder?.apply(action);
      this.#gateway.sessions.forget(session);
    }
    return sessions.length;
  }

  #sessionsOf(shardId: number | undefined) {
    const { sessions } = this.#gateway;
    return shardId === undefined ? sessions.all() : sessions.ofShard(shardId);
  }
}

function listen(server: Server, { host, port }: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new SimulatorError(
          'LISTEN_FAILED',
          `Cannot listen on ${host}:${port}. Pass port 0 for a free one.`,
          port,
          error,
        ),
      ),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
