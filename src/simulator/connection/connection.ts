import type { Socket } from 'node:net';
import { closeCodeRow, endsSession } from '../../protocol/closeCodes.js';
import { Opcode } from '../../protocol/opcodes.js';
import {
  type Codec,
  type Compression,
  corruptBytes,
  createPayloadCodec,
  createStreamCodec,
  plainCodec,
} from './codec.js';
import { connectionActionOf } from '../faults/faultActions.js';
import { FaultCalls } from '../faults/faultCalls.js';
import { checkAction } from '../faults/faultQueue.js';
import type { ConnectionAction, FaultAt, Occasion } from '../faults/faults.js';
import { FrameLine } from './frameLine.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import type { ClosePolicy, GatewaySocket } from './gatewaySocket.js';
import { HeartbeatWatch } from './heartbeatWatch.js';
import type { Refusal } from './identity.js';
import { frameText } from './payload.js';
import type { RecordedFrame, Rule } from '../records/records.js';
import type { DispatchPayload, Session } from './session.js';
import type { SimulatedConnection } from './simulatedConnection.js';
import { SlidingWindow } from './slidingWindow.js';

/** What the upgrade request asked for. */
export interface ConnectionRequest {
  readonly id: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly compress: 'zlib-stream' | 'zstd-stream' | null;
}

/** How far a connection has come: only an `identified` one may send commands; after op 9 it may authenticate again. */
export type Phase = 'unidentified' | 'authenticating' | 'identified' | 'invalidated';

interface OutgoingFrame {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
  /** `d` as JSON. */
  readonly json: string;
}

/** The gateway's end of one WebSocket: what leaves, how it ends, and the faults in between. */
export class Connection extends FaultCalls<[], boolean> implements SimulatedConnection, ClosePolicy {
  readonly id: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly openedAt: number;
  readonly sends: SlidingWindow;
  readonly presences: SlidingWindow;
  readonly heartbeats: HeartbeatWatch;
  phase: Phase = 'unidentified';
  shardId: number | null = null;
  sessionId: string | null = null;
  /** Session it holds or has asked to resume. */
  session: Session | null = null;
  compression: Compression;
  silent = false;
  closedAt: number | null = null;
  closedBy: 'client' | 'gateway' | null = null;
  closeCode: number | null = null;
  closeReason = '';
  gatewayCloseCode: number | null = null;

  readonly #gateway: Gateway;
  readonly #socket: GatewaySocket;
  readonly #tcp: Socket;
  readonly #line: FrameLine;
  #codec: Codec;
  #ignoresClose = false;

  constructor(gateway: Gateway, request: ConnectionRequest, socket: GatewaySocket, tcp: Socket) {
    super();
    const { now, heartbeatInterval, heartbeatSlack, presenceLimit, presenceWindow, sendLimit, sendWindow } =
      gateway.settings;
    this.id = request.id;
    this.path = request.path;
    this.query = request.query;
    this.openedAt = now();
    this.sends = new SlidingWindow(sendLimit, sendWindow);
    this.presences = new SlidingWindow(presenceLimit, presenceWindow);
    this.heartbeats = new HeartbeatWatch(gateway.timers, now, heartbeatInterval * 1.5 + heartbeatSlack, () =>
      this.refuse({ rule: 'heartbeat missed', code: 4009, detail: 'no heartbeat for one and a half intervals' }),
    );
    this.compression = request.compress ?? 'none';
    this.#codec = request.compress === null ? plainCodec : createStreamCodec(request.compress);
    this.#gateway = gateway;
    this.#socket = socket;
    this.#tcp = tcp;
    this.#line = new FrameLine(gateway.timers);
    socket.policy = this;
    socket.on('close', () => this.#ended());
    // A socket that breaks says so by `close` as well, and a frame that breaks it by `onBrokenFrame`.
    socket.on('error', () => {});
  }

  get open(): boolean {
    return this.closedAt === null;
  }

  get frames(): readonly RecordedFrame[] {
    return this.#gateway.recorder.frames.toArray().filter(({ connection }) => connection === this.id);
  }

  /** The first fault that strikes this connection on an occasion. */
  takeFault<O extends Occasion>(occasion: O): FaultAt<O> | null {
    const { faults, recorder, settings } = this.#gateway;
    const url = this.path === RESUME_PATH ? 'resume' : 'gateway';
    const fault = faults.take(occasion, { shardId: this.shardId, url });
    if (fault !== null) {
      recorder.log.push({ kind: 'fault', at: settings.now(), connection: this.id, shardId: this.shardId, fault });
    }
    return fault;
  }

  /** Runs a task now or in `ms` milliseconds, unless the connection is closed or silent by then. */
  later(ms: number, task: () => void): void {
    if (ms <= 0) task();
    else {
      this.#gateway.timers.after(ms, () => {
        if (this.open && !this.silent) task();
      });
    }
  }

  /** Sends an op that is no dispatch. */
  send(op: number, d: unknown, occasion: 'hello' | null = null, sent?: () => void): void {
    this.#push({ op, t: null, s: null, d, json: JSON.stringify(d) }, occasion, sent);
  }

  sendDispatch(
    { t, d, json }: DispatchPayload,
    s: number,
    occasion: 'dispatch' | 'ready' | 'replay' | 'resumed',
    sent?: () => void,
  ): void {
    this.#push({ op: Opcode.Dispatch, t, s, d, json }, occasion, sent);
  }

  /** Makes this the connection its session's dispatches go to. */
  hold(session: Session): void {
    this.session = session;
    this.sessionId = session.id;
    session.attach(this);
    if (session.compress && this.compression === 'none') {
      this.compression = 'payload';
      this.#codec = createPayloadCodec(this.#gateway.settings.payloadCompressionThreshold);
    }
  }

  /** INVALID_SESSION: whatever the session was, this connection is no longer its own. */
  invalidate(isResumable: boolean): void {
    this.#release(!isResumable);
    this.phase = 'invalidated';
    this.send(Opcode.InvalidSession, isResumable);
  }

  violate(rule: Rule, detail: string): void {
    const { recorder, settings } = this.#gateway;
    recorder.violations.push({ at: settings.now(), connection: this.id, shardId: this.shardId, rule, detail });
  }

  /** Closes for a rule the client broke. */
  refuse({ rule, code, detail }: Refusal): void {
    this.violate(rule, detail);
    this.#close(code, closeCodeRow(code).name);
  }

  /** Closes because another connection has resumed the session: 4005, and the session lives on. */
  yieldSession(): void {
    this.#close(4005, 'session resumed elsewhere');
  }

  override apply(action: ConnectionAction): boolean {
    checkAction(action);
    if (!this.open) return false;
    const { recorder, settings } = this.#gateway;
    recorder.log.push({ kind: 'fault', at: settings.now(), connection: this.id, shardId: this.shardId, fault: action });
    this.perform(action);
    return true;
  }

  perform(action: ConnectionAction): void {
    if (!this.open) return;
    if ('closeWith' in action) this.#close(action.closeWith, action.reason ?? '');
    else if ('ignoreClose' in action) this.#ignoresClose = true;
    else if ('invalidSession' in action) this.invalidate(action.invalidSession);
    else if ('loseSession' in action) this.#release(true);
    else if ('reconnect' in action) this.send(Opcode.Reconnect, null);
    else if ('requestHeartbeat' in action) this.send(Opcode.Heartbeat, null);
    else if ('reset' in action) this.#reset();
    else if ('sendCorrupt' in action) this.#sendUnframed(corruptBytes, null);
    else if ('sendText' in action) this.#sendUnframed(this.#codec.encode(action.sendText), action.sendText);
    else {
      this.silent = true;
      this.heartbeats.stop();
    }
  }

  onClientClose(code: number, reason: string, answer: () => void): void {
    if (this.open) {
      this.closeCode = code;
      this.closeReason = reason;
      this.#markClosed('client', code, reason);
      this.#release(endsSession(code));
    }
    const fault = this.takeFault('close');
    if (this.#ignoresClose || (fault !== null && 'skip' in fault)) return;
    const finish = fault !== null && 'reset' in fault ? () => this.#tcp.resetAndDestroy() : answer;
    if (fault?.delay === undefined) finish();
    else this.#gateway.timers.after(fault.delay, finish);
  }

  onBrokenFrame(): void {
    this.refuse({ rule: 'decode error', code: 4002, detail: 'not a WebSocket frame the gateway reads' });
  }

  #push(
    frame: OutgoingFrame,
    occasion: 'dispatch' | 'hello' | 'ready' | 'replay' | 'resumed' | null,
    sent?: () => void,
  ): void {
    const fault = occasion === null ? null : this.takeFault(occasion);
    if (fault !== null && 'skip' in fault) return;
    const action = fault === null ? null : connectionActionOf(fault);
    const delay = fault?.delay ?? 0;
    this.#line.push(action === null ? delay : 0, () => {
      if (!this.open || this.silent) return;
      this.#transmit(frame);
      sent?.();
      if (action !== null) this.later(delay, () => this.perform(action));
    });
  }

  #transmit({ op, t, s, d, json }: OutgoingFrame): void {
    const text = frameText(op, t, s, json);
    this.#write(this.#codec.encode(text));
    this.#record(op, t, s, d, text);
  }

  #sendUnframed(message: Buffer | string, text: string | null): void {
    if (this.silent) return;
    this.#write(message);
    this.#record(null, null, null, text, text ?? message);
  }

  #write(message: Buffer | string): void {
    const { splitFrames } = this.#gateway.settings;
    if (typeof message === 'string' || this.compression !== 'zlib-stream' || message.length <= splitFrames) {
      this.#socket.send(message);
      return;
    }
    for (let start = 0; start < message.length; start += splitFrames) {
      this.#socket.send(message.subarray(start, start + splitFrames));
    }
  }

  #record(op: number | null, t: string | null, s: number | null, d: unknown, content: Buffer | string): void {
    const { recorder, settings } = this.#gateway;
    if (!recorder.wantsFrames) return;
    const { id: connection, shardId } = this;
    const bytes = Buffer.byteLength(content);
    recorder.frame({ at: settings.now(), connection, shardId, direction: 'gateway', op, t, s, d, bytes });
  }

  /** Closes from the gateway's side; a code after which a client must identify, or stay away, ends the session. */
  #close(code: number, reason: string): void {
    if (!this.open) return;
    this.gatewayCloseCode = code;
    this.#markClosed('gateway', code, reason);
    this.#release(closeCodeRow(code).action !== 'resume');
    this.#socket.shut(code, reason);
  }

  #reset(): void {
    this.#markClosed('gateway', null, '');
    this.#release(false);
    this.#tcp.resetAndDestroy();
  }

  #ended(): void {
    if (this.open) {
      this.#markClosed('client', null, '');
      this.#release(false);
    }
    this.#codec.close();
  }

  #markClosed(by: 'client' | 'gateway', code: number | null, reason: string): void {
    const { recorder, settings } = this.#gateway;
    const at = settings.now();
    this.closedAt = at;
    this.closedBy = by;
    this.heartbeats.stop();
    recorder.log.push({ kind: 'close', at, connection: this.id, shardId: this.shardId, by, code, reason });
  }

  /** Lets go of the session; a session that another connection has taken over stays with that one. */
  #release(forget: boolean): void {
    const { session } = this;
    this.session = null;
    if (session === null) return;
    if (forget) this.#gateway.sessions.forget(session);
    if (session.holder === this) session.detach(this.#gateway.settings.now());
  }
}
