import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { fromCallback, type EventObject } from 'xstate';
import type { Ticket } from '../../machines/bucket.js';
import type { SocketCommand, SocketInput, SocketReport } from '../../machines/shard.types.js';
import { MAX_CLOSE_REASON_BYTES } from '../protocol/limits.js';
import type { Session } from '../protocol/session.js';
import { distrustOf } from '../protocol/trust.js';
import { gatewayUrl, type GatewayQuery } from '../protocol/url.js';
import { countEnding } from './endings.js';
import { DataFrames } from './webSocketFrames.js';
import { FrameReader, type DispatchSink } from './frameReader.js';
import {
  createInflater,
  loadInflater,
  type Compression,
  type Inflater,
  type ZlibImplementation,
} from './inflate/createInflater.js';
import type { PingAnswer, Wire, WireConnection } from './wire.js';
import { messageOf } from '../util/messageOf.js';
import { shown } from './shown.js';

/** The user's payloads by ticket: the chart says when one leaves, and never sees it. */
export interface PayloadSource {
  /** The payload's text, or undefined where its sender has withdrawn it. */
  text(id: number): string | undefined;
  sent(id: number): void;
}

/** ws ends a connection whose close is not answered, as the chart does. The chart's limit comes first, so that it is the chart that decides. */
const AFTER_CHART_MS = 100;

/** Everything a shard's sockets need beyond the chart's commands. The token is inside `identify` and `resume` alone. */
export interface SocketDeps {
  readonly wire: Wire;
  readonly sink: DispatchSink;
  readonly payloads: PayloadSource;
  readonly query: GatewayQuery;
  readonly compression: Compression;
  readonly zlib: ZlibImplementation;
  /** How long a peer that has sent its close frame may keep the connection open. */
  readonly closeTimeoutMs: number;
  /** Host names besides the first URL's domain that may get the token. */
  readonly trustedHosts: readonly string[];
  /** The first URL. Every connection that is opened there asks again; a resume judges its own URL by the last answer. */
  firstUrl(isForResume: boolean): string | PromiseLike<string>;
  /** Options for a connection to this URL: agent, headers, TLS, local address. */
  network(url: string): object;
  /** The whole IDENTIFY payload. */
  identify(): string;
  /** The whole RESUME payload. */
  resume(session: Session): string;
  redact(text: string): string;
}

type Report = (report: SocketReport) => void;

/**
 * One connection: opens the WebSocket, inflates and reads what comes, writes what the chart says, and reports.
 * It decides nothing, and when it is stopped nothing of it is left.
 */
export function socketLogic(depsOf: (system: object) => SocketDeps) {
  return fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(
    ({ input, system, sendBack, receive }) => {
      const connection = new Connection(depsOf(system), input, sendBack);
      receive((command) => {
        // A throw here would stop this actor without its clean-up, and leave the socket open.
        try {
          connection.execute(command);
        } catch (error) {
          connection.fail(error);
        }
      });
      return () => connection.dispose();
    },
  );
}

class Connection implements WireConnection {
  readonly #deps: SocketDeps;
  readonly #report: Report;
  readonly #reader: FrameReader;
  /** Null until the WebSocket is created. */
  #inflater: Inflater | null = null;
  #socket: WebSocket | null = null;
  #tcp: Socket | null = null;
  /** After our close frame nothing is delivered any more: the sequence reported with it is the last. */
  #silent = false;
  #ended = false;
  #error = '';
  #lastPing = 0;
  #pings: Map<string, PingAnswer> | null = null;
  /** Written, but not yet taken by the network. None before the first: most shards never send. */
  #inFlight: Map<number, Ticket> | null = null;
  #retryAfterMs: number | null = null;
  #framesAtBeat = 0;

  constructor(deps: SocketDeps, input: SocketInput, report: Report) {
    this.#deps = deps;
    this.#report = report;
    this.#reader = new FrameReader(deps.wire, deps.sink, report);
    deps.wire.sequence = input.sequence;
    deps.wire.stats.connections += 1;
    deps.wire.error = null;
    deps.wire.connection = this;
    void this.#open(input.resumeUrl);
  }

  get isOpen(): boolean {
    return this.#tcp !== null && !this.#ended;
  }

  execute(command: SocketCommand): void {
    switch (command.type) {
      case 'socket.identify':
        this.#deps.wire.stats.identifies += 1;
        this.#reader.awaiting = 'READY';
        return this.#write(this.#deps.identify());
      case 'socket.resume':
        this.#deps.wire.stats.resumes += 1;
        this.#reader.awaiting = 'RESUMED';
        return this.#write(this.#deps.resume(command.session));
      case 'socket.heartbeat':
        this.#restIfQuiet();
        this.#reader.beatSentAt = performance.now();
        return this.#write(`{"op":1,"d":${this.#deps.wire.sequence}}`);
      case 'socket.settle':
        return this.#settle(-1);
      case 'socket.send': {
        const { ticket } = command;
        const text = this.#deps.payloads.text(ticket.id);
        if (text === undefined) return;
        const inFlight = (this.#inFlight ??= new Map());
        inFlight.set(ticket.id, ticket);
        return this.#write(text, (error) => {
          if (!inFlight.delete(ticket.id)) return;
          if (error) this.#report({ type: 'socket.unsent', ticket });
          else this.#deps.payloads.sent(ticket.id);
        });
      }
      case 'socket.close':
        return this.#close(command.code, command.reason);
      case 'socket.abort':
        this.#close(command.code, command.reason);
        this.#socket?.terminate();
        return this.#end(1006, '');
    }
  }

  ping(answered: PingAnswer): void {
    const sentAt = performance.now();
    const mark = String((this.#lastPing += 1));
    if (this.#pings === null) {
      this.#pings = new Map();
      this.#socket?.on('pong', (data) => this.#ponged(data.toString()));
    }
    this.#pings.set(mark, (answer) => answered(answer === null ? null : performance.now() - sentAt));
    this.#socket?.ping(mark);
  }

  fail(error: unknown): void {
    this.#failed(error);
    this.#socket?.terminate();
    this.#end(1006, '');
  }

  dispose(): void {
    this.#ended = true;
    this.#silent = true;
    this.#hangUp();
    this.#socket?.terminate();
    this.#inflater?.close();
  }

  async #open(resumeUrl: string | null): Promise<void> {
    try {
      // Awaited even where it is a string: a report must not come before the actor has started.
      const firstUrl = await this.#deps.firstUrl(resumeUrl !== null);
      const { trustedHosts } = this.#deps;
      const distrust = resumeUrl === null ? null : distrustOf(resumeUrl, { firstUrl, trustedHosts });
      if (distrust !== null) this.#malformed(`a session with a resume URL that is not used: ${distrust}`);
      const base = distrust === null ? (resumeUrl ?? firstUrl) : firstUrl;
      this.#reader.trust = { firstUrl, trustedHosts };
      await loadInflater(this.#deps.compression, this.#deps.zlib);
      if (this.#ended) return;
      this.#inflater = createInflater(this.#deps.compression, this.#deps.zlib);
      const url = gatewayUrl(base, this.#deps.query);
      // closeTimeout is younger than the types of ws.
      const options: ClientOptions & { closeTimeout: number } = {
        ...this.#deps.network(url),
        perMessageDeflate: false,
        skipUTF8Validation: true,
        closeTimeout: this.#deps.closeTimeoutMs + AFTER_CHART_MS,
        finishRequest: (request, socket) => this.#request(request, socket),
      };
      this.#listen(new WebSocket(url, options));
    } catch (error) {
      this.fail(error);
    }
  }

  /** The request hears the answer, and is gone with it: the WebSocket would keep room for each listener it ever had. */
  #request(request: ClientRequest, socket: WebSocket): void {
    request.prependOnceListener('response', (response) => this.#refused(response));
    // After the listener of ws: the WebSocket is open by then, or the upgrade was no good.
    request.once('upgrade', (_response, tcp) => {
      if (socket.readyState === socket.OPEN) this.#opened(tcp as Socket);
    });
    request.end();
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      this.#reader.readAt = Date.now();
      this.#receive(data as Buffer, isBinary);
    });
    socket.on('error', (error) => {
      // ws has given the connection up, and a message may be lost: one behind it must not move the sequence past it.
      this.#silent = true;
      this.#failed(error);
    });
    // ws ends a connection whose pings come faster than its pongs leave, and says nothing. `ping` is emitted after that.
    socket.on('ping', () => {
      if (socket.readyState !== socket.OPEN && !this.#silent) this.#error ||= 'too many pings at once';
    });
    socket.on('close', (code, reason) => this.#end(code, reason.toString()));
  }

  #opened(tcp: Socket): void {
    this.#tcp = tcp;
    // ws keeps the error of an open connection to itself.
    tcp.once('error', (error) => this.#failed(error));
    DataFrames.before(
      tcp,
      (data, isBinary) => this.#receive(data, isBinary),
      () => (this.#reader.readAt = Date.now()),
    );
    this.#report({ type: 'socket.opened' });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#silent) return;
    const { stats } = this.#deps.wire;
    stats.framesReceived += 1;
    stats.bytesReceived += data.length;
    if (!isBinary) return this.#reader.read(data);
    let text: Buffer | null;
    try {
      text = (this.#inflater as Inflater).push(data);
    } catch (error) {
      return this.#corrupted(messageOf(error));
    }
    if (text !== null) this.#reader.read(text);
  }

  /** The first error says most. */
  #failed(error: unknown): void {
    const message = messageOf(error);
    this.#error ||= message;
    this.#deps.wire.error ??= shown(error, this.#deps.redact(message));
  }

  /** Nothing but an acknowledgement since the last heartbeat. */
  #restIfQuiet(): void {
    const { framesReceived } = this.#deps.wire.stats;
    if (framesReceived - this.#framesAtBeat <= 1) this.#inflater?.rest();
    this.#framesAtBeat = framesReceived;
  }

  #malformed(reason: string): void {
    this.#deps.wire.stats.malformed += 1;
    this.#deps.sink.malformed(reason, '');
  }

  #corrupted(reason: string): void {
    this.#silent = true;
    this.#malformed(`corrupt ${this.#deps.compression} data: ${reason}`);
    this.#report({ type: 'socket.corrupted', reason });
  }

  /** An HTTP answer instead of the upgrade, which ends the WebSocket: 429 and 5xx may say how long to stay away. */
  #refused({ statusCode = 0, headers }: IncomingMessage): void {
    this.#error = `HTTP ${statusCode}`;
    const retryAfter = headers['retry-after'];
    if (retryAfter !== undefined) {
      const seconds = Number(retryAfter);
      const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(retryAfter) - Date.now();
      if (ms > 0) this.#retryAfterMs = ms;
    }
  }

  /** Reports once a whole turn of the event loop has brought no byte: then nothing waits in the socket any more. */
  #settle(bytesBefore: number): void {
    const bytes = this.#tcp?.bytesRead ?? 0;
    if (bytes === bytesBefore) this.#report({ type: 'socket.settled' });
    else setImmediate(() => this.#silent || this.#settle(bytes));
  }

  #write(text: string, written?: (error?: Error | null) => void): void {
    this.#deps.wire.stats.framesSent += 1;
    this.#socket?.send(text, written ?? (() => {}));
  }

  #ponged(mark: string): void {
    this.#pings?.get(mark)?.(0);
    this.#pings?.delete(mark);
  }

  /** No pong will come any more, and what the network has not taken will not leave. */
  #hangUp(): void {
    for (const answered of this.#pings?.values() ?? []) answered(null);
    this.#pings?.clear();
    for (const ticket of this.#inFlight?.values() ?? []) this.#report({ type: 'socket.unsent', ticket });
    this.#inFlight?.clear();
  }

  #close(code: number, reason: string): void {
    this.#silent = true;
    this.#report({ type: 'socket.closing', sequence: this.#deps.wire.sequence });
    if (this.#socket === null) return this.#end(1006, '');
    this.#socket.close(code, truncate(reason));
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#hangUp();
    this.#report({
      type: 'socket.closed',
      code,
      reason: this.#deps.redact(reason === '' ? this.#error : reason),
      sequence: this.#deps.wire.sequence,
      retryAfterMs: this.#retryAfterMs,
      ...(this.#tcp === null && { opened: false }),
      endedTogether: countEnding(performance.now()),
    });
  }
}

/** The longest beginning that a close frame has room for. */
function truncate(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= MAX_CLOSE_REASON_BYTES
    ? reason
    : new TextDecoder().decode(bytes.subarray(0, MAX_CLOSE_REASON_BYTES - 3)).replace(/\uFFFD+$/, '');
}
